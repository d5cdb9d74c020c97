import { visible, visibleLines } from '../../gateway-core/visible.ts'
import './sealed-text.css'

const marker = /⟦sealed:[\w-]+:(\d+)(?::literal)?⟧/g

const secretWords = (length: string) => `secret, ${length} characters`

/** The same in words, for a name or a title. */
export function sealedWords(text: string): string {
  if (!text.includes('⟦sealed:')) return text
  return text.replaceAll(marker, (_, length: string) => secretWords(length))
}

/** Whether nothing but a secret stood here. */
export function isSealed(text: string): boolean {
  return text !== '' && text.replaceAll(marker, '') === ''
}

/** Captured text as it is, with a small plate where a secret was taken out of it; with `lines` its lines are kept. */
export function SealedText({ text, most = 8000, lines }: { text: string; most?: number; lines?: boolean }) {
  const plain = (piece: string) => (lines ? visibleLines(piece) : visible(piece, most))
  if (!text.includes('⟦sealed:')) return plain(text)
  const pieces: React.ReactNode[] = []
  let at = 0
  for (const match of text.matchAll(marker)) {
    pieces.push(plain(text.slice(at, match.index)))
    pieces.push(
      <span key={match.index} className="sealed" title="A secret: kept encrypted for a while, then forgotten">
        {secretWords(match[1]!)}
      </span>,
    )
    at = match.index + match[0].length
  }
  pieces.push(plain(text.slice(at)))
  return pieces
}
