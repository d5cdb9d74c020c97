import type { ImportProblem } from '../protocol/replay-reports.ts'
import type { ReplayBody, ReplayField } from '../protocol/replay-request.ts'
import { fileOfLine } from './body-files.ts'
import { readHandler, type ResponseHandler } from './response-handler.ts'

/** A line of a file, with its number from 1 and where it starts. */
export interface Line {
  text: string
  number: number
  start: number
}

/** Index of the line that a script which begins at `from` ends with. */
export function endOfScript(lines: readonly Line[], from: number): number {
  if (!/\{%/.test(lines[from]!.text)) return from
  let at = from
  while (at < lines.length && !/%\}/.test(lines[at]!.text)) at++
  return at
}

/**
 * The body of a request of a `.http` file. A form of several parts has the line ends that it needs on the wire, the fields
 * of a form may stand in lines of their own. Scripts, and files that responses go to, are put into `others`; those that are
 * understood into `handlers` too, and the others are named.
 */
export function readBody(
  lines: readonly Line[],
  headers: readonly ReplayField[],
  problems: ImportProblem[],
  others: string[] = [],
  handlers: ResponseHandler[] = [],
): ReplayBody {
  const kept: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const { text, number } = lines[at]!
    if (/^<>\s/.test(text)) {
      others.push(text)
      continue
    }
    if (/^>\s*\{%/.test(text) || /^>>?!?\s+\.{0,2}[\w./\\~-]+$/.test(text)) {
      const from = at
      if (/^>\s*\{%/.test(text)) at = endOfScript(lines, at)
      others.push(...lines.slice(from, at + 1).map((line) => line.text))
      const said = text.startsWith('>>') ? undefined : handlerIn(lines.slice(from, at + 1))
      if (said) {
        handlers.push(said)
        continue
      }
      const what = text.startsWith('>>')
        ? 'the file that the response goes to is not written'
        : 'the script after the request is not taken'
      problems.push({ what, line: number, ...(!text.startsWith('>>') && { todo: 'write it as a sequence' }) })
      continue
    }
    kept.push(text)
  }
  while (kept.length > 0 && kept.at(-1)!.trim() === '') kept.pop()
  if (kept.length === 0) return null
  const [only] = kept
  const encoded = kept.length === 1 ? /^<base64\s+([A-Za-z0-9+/=]*)$/.exec(only!) : null
  if (encoded) return { kind: 'bytes', base64: encoded[1]! }
  const file = kept.length === 1 ? fileOfLine(only!) : undefined
  if (file && !file.filled) return { kind: 'file', path: file.path }
  const type = headers.find(({ name, off }) => off !== true && name.toLowerCase() === 'content-type')?.value ?? ''
  const multipart = /^\s*multipart\//i.test(type)
  const files = kept.some((line) => {
    const named = fileOfLine(line)
    return named !== undefined && (multipart || named.filled || /^[\w./\\~:-]+$/.test(named.path))
  })
  const text = multipart
    ? `${kept.join('\r\n')}\r\n`
    : /^\s*application\/x-www-form-urlencoded/i.test(type)
      ? kept.reduce((all, line) => all + (/^\s*&/.test(line) || all.endsWith('&') ? line.trim() : `\n${line}`))
      : kept.join('\n')
  return { kind: 'text', text, ...(files && { files }) }
}

/** What the script in these lines says: `> {%` … `%}`. */
function handlerIn(lines: readonly Line[]): ResponseHandler | undefined {
  const script = /^>\s*\{%([^]*)%\}\s*$/.exec(lines.map(({ text }) => text).join('\n'))?.[1]
  return script === undefined ? undefined : readHandler(script)
}
