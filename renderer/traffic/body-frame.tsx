import { type ReactNode, useEffect, useRef, useState } from 'react'
import type { BodyPart } from '../../gateway-core/protocol/types.ts'
import { refusalOf } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { bytesText, sizeText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { type Loaded, readParts } from './body-parts.ts'
import { BodyText, type Look } from './body-text.tsx'
import './body-view.css'

/** Bytes that are asked for at a time. */
const partBytes = 256 * 1024

/** What is here of a body, and how to ask for more. */
export interface BodyParts {
  loaded: Loaded | undefined
  failure: string | undefined
  more: () => void
}

/** Reads a body by parts. `key` says which one it is; `ask` gets a part of it. */
export function useBodyParts(
  key: string,
  wanted: boolean,
  ask: (from: number, length: number) => Promise<BodyPart>,
): BodyParts {
  const [loaded, setLoaded] = useState<Loaded>()
  const [failure, setFailure] = useState<string>()
  const [until, setUntil] = useState(partBytes)
  const have = useRef<{ key: string; loaded: Loaded }>(undefined)
  useEffect(() => {
    if (!wanted) return
    let current = true
    const known = have.current?.key === key ? have.current.loaded : undefined
    const take = (loaded: Loaded) => {
      if (!current) return false
      have.current = { key, loaded }
      setLoaded(loaded)
      setFailure(undefined)
      return true
    }
    readParts(known, until, ask, take).catch((error: unknown) => current && setFailure(refusalOf(error).what))
    return () => {
      current = false
    }
  }, [key, wanted, until])
  return { loaded, failure, more: () => setUntil((now) => now + partBytes * 4) }
}

interface BodyFrameProps {
  parts: BodyParts
  look: Look
  /** Without it there is no choice of looks. */
  onLook?: (look: Look) => void
  /** Length, type, coding. */
  facts: ReactNode
}

/** A body as text or bytes, with what is known of it. It is shown, never run: nothing of it becomes HTML. */
export function BodyFrame({ parts: { loaded, failure, more }, look, onLook, facts }: BodyFrameProps) {
  const rest = loaded ? loaded.available - loaded.bytes.length : 0
  return (
    <section className="body" aria-label="Body">
      <div className="row body-bar">
        {onLook && (
          <Segments
            label="How the body is shown"
            value={look}
            onChange={onLook}
            options={[
              { id: 'pretty', title: 'Pretty' },
              { id: 'raw', title: 'Raw' },
              { id: 'hex', title: 'Hex' },
            ]}
          />
        )}
        <span className="dim cut num">{facts}</span>
      </div>
      {loaded?.problem && <p className="tone-would body-problem">{loaded.problem}</p>}
      {failure && <p className="tone-deny body-problem">{failure}</p>}
      {loaded && <BodyText bytes={loaded.bytes} look={look} whole={rest <= 0} />}
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
