import { useEffect, useMemo, useRef, useState } from 'react'
import type { Editor } from '../monaco/monaco.ts'
import { useNavigation } from '../shell/navigation.ts'
import { labelOf, type LineCounter, sawTraffic, spokenLabel, trafficQuery } from './gutter.ts'
import { usePolicies } from './policies-store.ts'
import { useLineCounters } from './use-line-counters.ts'

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

  const shown = useMemo(
    () =>
      (traffic ? counters : []).filter(({ line }) => view.ranges.some(([start, end]) => line >= start && line <= end)),
    [counters, traffic, view],
  )
  return (
    <div className="gutter" role="group" aria-label="What live traffic did at each policy">
      <div ref={layer} className="gutter-layer">
        {shown.map((counter) => (
          <GutterLabel key={counter.line} counter={counter} top={editor.getTopForLineNumber(counter.line)} />
        ))}
      </div>
    </div>
  )
}

function GutterLabel({ counter, top }: { counter: LineCounter & { changed: boolean }; top: number }) {
  const spoken = spokenLabel(counter)
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
      {labelOf(counter).map(({ text, tone }, index) => (
        <span key={text + tone}>
          {index > 0 && ' · '}
          <span className={tone === 'plain' ? undefined : `tone-${tone}`}>{text}</span>
        </span>
      ))}
    </button>
  )
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
