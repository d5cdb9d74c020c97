import { randomBytes } from 'node:crypto'
import type { ReplayBody } from '../../protocol/replay-request.ts'
import { utf8Of } from '../wire-text.ts'

/** One field of a form (RFC 7578). */
export interface Part {
  name: string
  content: Buffer
  /** Name of the file, where it is one. */
  file?: string
  type?: string
}

/** A form as a body: text where all of it is, so that it can be edited. */
export function multipartOf(parts: readonly Part[]): { contentType: string; body: ReplayBody } {
  const boundary = `----gatehouse${randomBytes(9).toString('hex')}`
  const pieces: Buffer[] = []
  for (const { name, content, file, type } of parts) {
    const quoted = (text: string) => `"${text.replaceAll('"', '%22').replaceAll(/[\r\n]+/g, ' ')}"`
    const disposition = `form-data; name=${quoted(name)}${file === undefined ? '' : `; filename=${quoted(file)}`}`
    const typed = type === undefined ? '' : `Content-Type: ${type}\r\n`
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n${typed}\r\n`), content)
    pieces.push(Buffer.from('\r\n'))
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  const bytes = Buffer.concat(pieces)
  const text = utf8Of(bytes)
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: text === undefined ? { kind: 'bytes', base64: bytes.toString('base64') } : { kind: 'text', text },
  }
}
