import { useEffect, useRef, useState } from 'react'
import type { WhatIfLine } from '../../gateway-core/protocol/what-if.ts'
import type { Editor } from '../monaco/monaco.ts'
import { useNavigation } from '../shell/navigation.ts'
import { coverageFor, type LineCoverage } from './coverage.ts'
import { useCoverage, useFreshCoverage } from './coverage-store.ts'
import { labelOf, type LineCounter, sawTraffic, short, spokenLabel, trafficQuery } from './gutter.ts'
import { usePolicies } from './policies-store.ts'
import { useLineCounters } from './use-line-counters.ts'
import { kindLooks } from './what-if.ts'
import { openKind } from './what-if-live.ts'
import { useBlameMarks, useWhatIfLines } from './what-if-marks.ts'
import './gutter.css'

/** Hits, denials and median time beside each policy line. A click shows those exchanges in Traffic. */
export function Gutter({ editor, path }: { editor: Editor; path: string }) {
  const counters = useLineCounters(path)
  const traffic = usePolicies((state) => sawTraffic(state.counters))
  const view = useEditorView(editor)
  const layer = useRef<HTMLDivElement>(null)

  useEffect(() => {
    const follow = () => {
      if (layer.current) layer.current.style.transform = `translateY(${-editor.getScrollTop()}px)`
    }
    follow()
    const listening = editor.onDidScrollChange(follow)
    return () => listening.dispose()
    // Another text comes with another scroll position, and no event tells of it.
  }, [editor, view])

  const coverage = useCoverage((state) => state.coverage)
  const changes = useWhatIfLines(path)
  useFreshCoverage()
  useBlameMarks(editor, path)
  const recorded = coverage !== undefined && coverage.judged > 0
  const isSeen = ({ line }: { line: number }) => view.ranges.some(([start, end]) => line >= start && line <= end)
  const shown = traffic || recorded ? counters.filter(isSeen) : []
  return (
    <div data-part className="gutter" role="group" aria-label="What live traffic did at each policy">
      <div ref={layer} className="gutter-layer">
        {shown.map((counter) => (
          <GutterLabel
            key={counter.line}
            counter={counter}
            coverage={recorded ? coverageFor(coverage, idsOf(counter)) : undefined}
            changes={changes.filter(({ line }) => line === counter.line)}
            top={editor.getTopForLineNumber(counter.line)}
          />
        ))}
      </div>
    </div>
  )
}

interface LabelProps {
  counter: LineCounter & { changed: boolean }
  coverage: LineCoverage | undefined
  changes: readonly WhatIfLine[]
  top: number
}

function GutterLabel({ counter, coverage, changes, top }: LabelProps) {
  if (changes.length > 0) return <ChangesLabel line={counter.line} changes={changes} top={top} />
  const spoken = spokenLabel(counter, coverage)
  const note = counter.changed ? ' Counted with the saved line.' : ''
  return (
    <button
      type="button"
      className={counter.changed ? 'gutter-label gutter-changed' : 'gutter-label'}
      style={{ top }}
      title={`${spoken}.${note} Click to show them in Traffic.`}
      aria-label={`Line ${counter.line}, ${spoken}.${note} Show in Traffic.`}
      onClick={() => useNavigation.getState().openTraffic(trafficQuery(counter))}
    >
      {labelOf(counter, coverage).map(({ text, tone }, index) => (
        <span key={text + tone}>
          {index > 0 && ' · '}
          <span className={tone === 'plain' ? undefined : `tone-${tone}`}>{text}</span>
        </span>
      ))}
    </button>
  )
}

/** What the edit changes through the policy of this line takes the place of what it did: `what-if +187 ◐`. */
function ChangesLabel({ line, changes, top }: Pick<LabelProps, 'changes' | 'top'> & { line: number }) {
  const [first] = changes
  const says = changes.map(({ kind, exchanges }) => `${short(exchanges)} ${kindLooks[kind].title}`).join(', ')
  return (
    <button
      type="button"
      className="gutter-label"
      style={{ top }}
      title={`By the edit: ${says}. Click to list them.`}
      aria-label={`Line ${line}, by the edit ${says}. List them.`}
      onClick={() => openKind(first!.kind)}
    >
      {changes.slice(0, 2).map(({ kind, of, exchanges }) => (
        <span key={`${kind} ${of}`} className={`tone-${kindLooks[kind].tone}`}>
          {' '}
          +{short(exchanges)} {kindLooks[kind].mark}
        </span>
      ))}
    </button>
  )
}

function idsOf({ policies }: LineCounter): string[] {
  return policies.map(({ policy }) => policy)
}

/** Which lines are on the screen; new whenever the layout of the text changes. */
function useEditorView(editor: Editor): { ranges: [number, number][] } {
  const [view, setView] = useState<{ ranges: [number, number][] }>({ ranges: [] })
  useEffect(() => {
    let frame = 0
    const update = () => {
      frame = 0
      const seen = editor.getVisibleRanges()
      setView({ ranges: seen.map(({ startLineNumber, endLineNumber }) => [startLineNumber, endLineNumber]) })
    }
    const soon = () => {
      frame ||= requestAnimationFrame(update)
    }
    soon()
    const listening = [
      editor.onDidScrollChange(soon),
      editor.onDidLayoutChange(soon),
      editor.onDidChangeModel(soon),
      editor.onDidChangeHiddenAreas(soon),
      editor.onDidChangeModelContent(soon),
      editor.onDidContentSizeChange(soon),
    ]
    return () => {
      cancelAnimationFrame(frame)
      for (const one of listening) one.dispose()
    }
  }, [editor])
  return view
}
