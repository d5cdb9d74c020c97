import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { visibleLines } from '../../gateway-core/visible.ts'
import { SealedText } from './sealed-text.tsx'
import { hexLine, hexWidth } from '../ui/hex.ts'
import { jsonLines, type JsonLine } from './json-pretty.ts'

export type Look = 'pretty' | 'raw' | 'hex'

/** Px of a hex line of sixteen bytes. */
const wholeHexLine = 580
/** Above this nothing is laid out: it is shown as it came. */
const mostPretty = 2 * 1024 * 1024

/** What is here of a body, as text or bytes, of which only the lines that are seen exist. */
export function BodyText({ bytes, look, whole }: { bytes: Uint8Array; look: Look; whole: boolean }) {
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
