import { visible } from '../../gateway-core/visible.ts'
import './sealed-text.css'

const marker = /⟦sealed:[\w-]+:(\d+)(?::literal)?⟧/g

/** Captured text as it is, with a small plate where a secret was taken out of it. */
export function SealedText({ text, most = 8000 }: { text: string; most?: number }) {
  if (!text.includes('⟦sealed:')) return visible(text, most)
  const pieces: React.ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(marker)) {
    pieces.push(visible(text.slice(at, match.index), most))
    pieces.push(
      <span key={match.index} className="sealed" title="A secret: kept encrypted for a while, then forgotten">
        secret, {match[1]} characters
      </span>,
    )
    at = match.index + match[0].length
  }
  pieces.push(visible(text.slice(at), most))
  return pieces
}
