import type { ReplayBody, ReplayRequest } from '../protocol/replay-request.ts'

/** A line of a body that stands for a file: `< ./cover.png`; `<@ ./order.json` with variables in it, `<@latin1 …` in that encoding. */
const fileLine = /^<(?:@(\w*))?[ \t]+(\S[^\r\n]*?)[ \t]*$/

/** What a line of a body names. */
export interface FileLine {
  path: string
  /** Its variables are filled in. */
  filled: boolean
  encoding: string
}

export function fileOfLine(line: string): FileLine | undefined {
  const match = fileLine.exec(line)
  return match ? { path: match[2]!, filled: match[1] !== undefined, encoding: match[1] || 'utf-8' } : undefined
}

/** The body with the paths of its files changed; other bodies stay what they are. */
export function withPaths(body: ReplayBody, change: (path: string) => string): ReplayBody {
  if (body?.kind === 'file') return { ...body, path: change(body.path) }
  if (body?.kind !== 'text' || body.files !== true) return body
  const lines = body.text.split(/(?<=\n)/).map((line) => {
    const path = fileOfLine(line.replace(/\r?\n$/, ''))?.path
    return path === undefined ? line : line.replace(path, () => change(path))
  })
  return { ...body, text: lines.join('') }
}

/** A request with the paths of the files in its body changed. */
export function withFilePaths(request: ReplayRequest, change: (path: string) => string): ReplayRequest {
  const body = withPaths(request.body, change)
  return body === request.body ? request : { ...request, body }
}

/** The bytes of a text in which lines stand for files. */
export async function bytesWithFiles(
  text: string,
  fill: (text: string) => Promise<string>,
  file: (path: string) => Promise<Buffer>,
): Promise<Buffer> {
  const pieces: Buffer[] = []
  let plain = ''
  const flush = async () => {
    if (plain !== '') pieces.push(Buffer.from(await fill(plain)))
    plain = ''
  }
  for (const line of text.split(/(?<=\n)/)) {
    const end = /\r?\n$/.exec(line)?.[0] ?? ''
    const named = fileOfLine(line.slice(0, line.length - end.length))
    if (!named) {
      plain += line
      continue
    }
    await flush()
    const bytes = await file(await fill(named.path))
    pieces.push(named.filled ? Buffer.from(await fill(decoded(bytes, named.encoding))) : bytes)
    plain = end
  }
  await flush()
  return Buffer.concat(pieces)
}

function decoded(bytes: Buffer, encoding: string): string {
  try {
    return new TextDecoder(encoding).decode(bytes)
  } catch {
    return bytes.toString('utf8')
  }
}
