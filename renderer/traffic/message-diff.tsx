import { useMemo } from 'react'
import type { MessageContent } from '../../gateway-core/protocol/types.ts'
import { bytesOf } from '../ui/bytes.ts'
import { hexLine } from '../ui/hex.ts'
import { compareBodies } from './body-lines.ts'
import { pairedLines } from './paired-lines.ts'
import { SealedText } from './sealed-text.tsx'

const mostLines = 1500
/** Two columns stand beside each other. */
const hexWidth = 8

/** A message as it came beside what went on, line by line, with what differs marked. */
export function MessageDiff({ before, after }: { before: MessageContent; after: MessageContent }) {
  const rows = useMemo(() => pairedLines(compareBodies(linesOf(before), linesOf(after))), [before, after])
  return (
    <table className="compared compared-pair message-diff">
      <thead>
        <tr>
          <th scope="col">As it came</th>
          <th scope="col">As it went on</th>
        </tr>
      </thead>
      <tbody>
        {rows.slice(0, mostLines).map(({ before: left, after: right, same }, at) => (
          <tr key={at}>
            <Line text={left} kind={same ? undefined : 'del'} />
            <Line text={right} kind={same ? undefined : 'add'} />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Line({ text, kind }: { text: string | undefined; kind: 'del' | 'add' | undefined }) {
  if (text === undefined) return <td className="faint compared-none">–</td>
  return (
    <td className={kind && `compared-${kind}`}>
      {kind && <span className="only-read">{kind === 'del' ? 'came: ' : 'went on: '}</span>}
      <code>{text === '' ? '\u00a0' : <SealedText text={text} most={4000} />}</code>
    </td>
  )
}

function linesOf({ text, base64 = '' }: MessageContent): string {
  if (text !== undefined) return text
  const bytes = bytesOf(base64)
  const lines: string[] = []
  for (let line = 0; line * hexWidth < bytes.length; line++) {
    lines.push(hexLine(bytes, line, hexWidth).hex.trimEnd())
  }
  return lines.join('\n')
}
