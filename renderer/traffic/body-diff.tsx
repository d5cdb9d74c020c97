import { useMemo, useState } from 'react'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { plural } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { compareBodies, type DiffLine } from './body-lines.ts'
import type { Loaded } from './body-parts.ts'
import { BodyView, type Side, useBody } from './body-view.tsx'
import { SealedText } from './sealed-text.tsx'

const mostLines = 1500
const marks = { equal: ' ', del: '−', add: '+', gap: '⋯' } as const

/** A body before and after policies changed it: what differs, line by line, or both beside each other. */
export function BodyDiff({ detail, before, after }: { detail: ExchangeDetail; before: Side; after: Side }) {
  const [look, setLook] = useState<'lines' | 'both'>('lines')
  const one = useText(detail, before)
  const other = useText(detail, after)
  const lines = useMemo(
    () => (one === undefined || other === undefined ? undefined : compareBodies(one, other)),
    [one, other],
  )
  const changed = lines?.filter(({ kind }) => kind === 'del' || kind === 'add').length ?? 0
  return (
    <section className="body-diff" aria-label="Body">
      <div className="row body-bar">
        <b>Body</b>
        {lines && <span className="faint">{changed === 0 ? 'only its layout changed' : plural(changed, 'line')}</span>}
        <span className="grow" />
        {lines && (
          <Segments
            label="How the bodies are compared"
            value={look}
            onChange={setLook}
            options={[
              { id: 'lines', title: 'Difference' },
              { id: 'both', title: 'Both' },
            ]}
          />
        )}
      </div>
      {lines && look === 'lines' && changed > 0 ? (
        <Lines lines={lines} />
      ) : (
        <div className="compared-bodies">
          <BodyView detail={detail} side={before} compact />
          <BodyView detail={detail} side={after} compact />
        </div>
      )}
    </section>
  )
}

function Lines({ lines }: { lines: readonly DiffLine[] }) {
  return (
    <div className="diff-lines" role="region" aria-label="Difference of the bodies" tabIndex={0}>
      {lines.slice(0, mostLines).map(({ kind, text }, at) => (
        <div key={at} className={`diff-line diff-${kind}`}>
          <span className="diff-mark" aria-hidden="true">
            {marks[kind]}
          </span>
          {kind === 'del' && <span className="only-read">removed: </span>}
          {kind === 'add' && <span className="only-read">added: </span>}
          <code>{kind === 'gap' ? text : <SealedText text={visible(text, 2000)} />}</code>
        </div>
      ))}
      {lines.length > mostLines && <div className="diff-line diff-gap">{lines.length - mostLines} more lines</div>}
    </div>
  )
}

/** The whole text of a body; undefined while it is not here, and for what is cut, large or no text. */
export function useText({ exchange }: ExchangeDetail, side: Side): string | undefined {
  const body = exchange[side]?.body
  const wanted = body !== undefined && body.length > 0
  const { loaded } = useBody(exchange.id, side, true, wanted, exchange.state)
  return useMemo(() => (wanted ? loaded && textOf(loaded) : ''), [wanted, loaded])
}

function textOf({ bytes, available, problem }: Loaded): string | undefined {
  if (problem !== undefined || bytes.length < available || bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
