import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible, visibleLines } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { bytesText, sizeText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { SealedText } from './sealed-text.tsx'
import { hexLine, hexWidth } from './hex.ts'
import { jsonLines, type JsonLine } from './json-pretty.ts'
import './body-view.css'

export type Side = 'request' | 'forwarded' | 'upstreamResponse' | 'response'
export type Look = 'pretty' | 'raw' | 'hex'

/** Bytes that are asked for at a time. */
const partBytes = 256 * 1024
/** Px of a hex line of sixteen bytes. */
const wholeHexLine = 580
/** Above this nothing is laid out: it is shown as it came. */
const mostPretty = 2 * 1024 * 1024

interface BodyViewProps {
  detail: ExchangeDetail
  side: Side
  /** Beside another one: without its own choice of looks. */
  compact?: boolean
}

export interface Loaded {
  bytes: Uint8Array
  available: number
  problem?: string
}

/** A body as text or bytes, by parts. It is shown, never run: nothing of it becomes HTML. */
export function BodyView({ detail, side, compact }: BodyViewProps) {
  const { id, state } = detail.exchange
  const body = detail.exchange[side]?.body
  const [look, setLook] = useState<Look>('pretty')
  const decoded = look !== 'hex'
  const { loaded, failure, more } = useBody(id, side, decoded, body !== undefined && body.length > 0, state)
  if (!body || body.length === 0) {
    const text =
      side === 'request' && announced(detail.exchange.request.headers)
        ? 'The body was not recorded: the answer came before it was read.'
        : 'No body.'
    return <p className={compact ? 'dim' : 'body-none dim'}>{text}</p>
  }
  const rest = loaded ? loaded.available - loaded.bytes.length : 0
  return (
    <section className="body" aria-label="Body">
      <div className="row body-bar">
        {!compact && (
          <Segments
            label="How the body is shown"
            value={look}
            onChange={setLook}
            options={[
              { id: 'pretty', title: 'Pretty' },
              { id: 'raw', title: 'Raw' },
              { id: 'hex', title: 'Hex' },
            ]}
          />
        )}
        <span className="dim cut num">
          {bytesText(body.length)}
          {body.contentType && ` · ${visible(body.contentType, 80)}`}
          {body.encoding && ` · ${visible(body.encoding, 40)}`}
          {body.truncated && ` · only the first ${bytesText(body.kept)} were recorded`}
        </span>
      </div>
      {loaded?.problem && <p className="tone-would body-problem">{loaded.problem}</p>}
      {failure && <p className="tone-deny body-problem">{failure}</p>}
      {loaded && <BodyText loaded={loaded} look={look} whole={rest <= 0} />}
      {rest > 0 && (
        <div className="row body-more">
          <span className="dim num">
            {sizeText(loaded!.bytes.length)} of {bytesText(loaded!.available)} shown
          </span>
          <Button onClick={more}>Show more</Button>
        </div>
      )}
    </section>
  )
}

/** Whether the headers say that a body follows. */
function announced(headers: readonly string[] = []): boolean {
  const at = headers.findIndex((name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length')
  return at !== -1 && headers[at + 1] !== '0'
}

/** What is here of a body, and how to ask for more. */
export function useBody(id: string, side: Side, decoded: boolean, wanted: boolean, state: string) {
  const [loaded, setLoaded] = useState<Loaded>()
  const [failure, setFailure] = useState<string>()
  const [until, setUntil] = useState(partBytes)
  const have = useRef<{ key: string; loaded: Loaded }>(undefined)
  useEffect(() => {
    if (!wanted) return
    let current = true
    const key = `${id} ${side} ${decoded} ${state}`
    const known = have.current?.key === key ? have.current.loaded : undefined
    const from = known?.bytes.length ?? 0
    if (known && (from >= until || from >= known.available)) return
    core.call('traffic.body', { id, side, from, length: until - from, decoded }).then(
      (part) => {
        if (!current) return
        const bytes = Uint8Array.from(atob(part.bytes), (character) => character.charCodeAt(0))
        const all = new Uint8Array(from + bytes.length)
        if (known) all.set(known.bytes)
        all.set(bytes, from)
        const next = { bytes: all, available: part.available, ...(part.problem && { problem: part.problem }) }
        have.current = { key, loaded: next }
        setLoaded(next)
        setFailure(undefined)
      },
      (error: unknown) => current && setFailure(refusalOf(error).what),
    )
    return () => {
      current = false
    }
  }, [id, side, decoded, wanted, until, state])
  return { loaded, failure, more: () => setUntil((now) => now + partBytes * 4) }
}

/** What is here of a body, as text or bytes, of which only the lines that are seen exist. */
export function BodyText({ loaded, look, whole }: { loaded: Loaded; look: Look; whole: boolean }) {
  const { bytes } = loaded
  const place = useRef<HTMLDivElement>(null)
  const width = useHexWidth(place)
  const text = useMemo(() => (look === 'hex' ? '' : new TextDecoder().decode(bytes)), [bytes, look])
  const json = useMemo(
    () =>
      look === 'pretty' && whole && bytes.length <= mostPretty && /^\s*[[{"]/.test(text) ? jsonLines(text) : undefined,
    [look, whole, bytes, text],
  )
  const lines = useMemo(() => (look === 'hex' || json ? [] : cutLines(visibleLines(text))), [look, json, text])
  const count = look === 'hex' ? Math.ceil(bytes.length / width) : (json?.length ?? lines.length)
  return (
    <Lines ref={place} count={count}>
      {(at) => {
        if (look === 'hex') {
          const { offset, hex, text: characters } = hexLine(bytes, at, width)
          return (
            <>
              <span className="faint">{offset}</span>
              {'  '}
              {hex}
              {'  '}
              <span className="dim">{characters}</span>
            </>
          )
        }
        return json ? <JsonText line={json[at]!} /> : <SealedText text={lines[at]!} />
      }}
    </Lines>
  )
}

/** Half a line where a whole one would not fit: a wrapped one cannot be read. */
function useHexWidth(place: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(hexWidth)
  useLayoutEffect(() => {
    const measure = () => setWidth(place.current!.clientWidth < wholeHexLine ? hexWidth / 2 : hexWidth)
    const observer = new ResizeObserver(measure)
    observer.observe(place.current!)
    return () => observer.disconnect()
  }, [place])
  return width
}

/** A line of a megabyte would be laid out in one piece: it is cut where the eye would not follow anyway. */
function cutLines(text: string): string[] {
  const most = 2000
  return text.split('\n').flatMap((line) => {
    if (line.length <= most) return [line]
    const pieces: string[] = []
    for (let at = 0; at < line.length; at += most) pieces.push(line.slice(at, at + most))
    return pieces
  })
}

function JsonText({ line }: { line: JsonLine }) {
  return (
    <>
      {'  '.repeat(line.indent)}
      {line.pieces.map(({ text, kind }, at) => (
        <span key={at} className={`json-${kind}`}>
          <SealedText text={text} />
        </span>
      ))}
    </>
  )
}

/** Lines of code type of which only those that are seen exist. */
function Lines(props: {
  ref: RefObject<HTMLDivElement | null>
  count: number
  children: (at: number) => React.ReactNode
}) {
  const { ref: scroller, count, children } = props
  const virtual = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => 18,
    overscan: 20,
  })
  return (
    <div
      className="body-lines"
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label="Content of the body"
      style={{ height: Math.min(420, count * 18 + 14) }}
    >
      <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
        {virtual.getVirtualItems().map(({ index, start, key }) => (
          <div
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            className="body-line"
            style={{ transform: `translateY(${start}px)` }}
          >
            {children(index) || '\u00a0'}
          </div>
        ))}
      </div>
    </div>
  )
}
