import { randomBytes } from 'node:crypto'
import type { ReplayBody } from '../../protocol/replay-request.ts'
import { utf8Of } from '../wire-text.ts'
import { usesVariables } from './imported.ts'

/** One field of a form (RFC 7578). */
export interface Part {
  name: string
  content: Buffer
  /** Name of the file, where it is one. */
  file?: string
  /** A file of the workspace that is read when the request is sent; there is no `content` then. */
  path?: string
  /** The content stood in a file: nothing in it is a variable. */
  read?: true
  type?: string
}

/** A form as a body: text where all of it is, so that it can be edited. */
export function multipartOf(parts: readonly Part[]): { contentType: string; boundary: string; body: ReplayBody } {
  const boundary = `----gatehouse${randomBytes(9).toString('hex')}`
  const pieces: Buffer[] = []
  for (const { name, content, file, type, path } of parts) {
    const quoted = (text: string) => `"${text.replaceAll('"', '%22').replaceAll(/[\r\n]+/g, ' ')}"`
    const disposition = `form-data; name=${quoted(name)}${file === undefined ? '' : `; filename=${quoted(file)}`}`
    const typed = type === undefined ? '' : `Content-Type: ${type}\r\n`
    pieces.push(Buffer.from(`--${boundary}\r\nContent-Disposition: ${disposition}\r\n${typed}\r\n`))
    pieces.push(path === undefined ? content : Buffer.from(`< ${path}`))
    pieces.push(Buffer.from('\r\n'))
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  const bytes = Buffer.concat(pieces)
  const files = parts.some(({ path }) => path !== undefined)
  const text = parts.some(({ content, read }) => read && usesVariables(content.toString('latin1')))
    ? undefined
    : utf8Of(bytes)
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    boundary,
    body:
      text === undefined
        ? { kind: 'bytes', base64: bytes.toString('base64') }
        : { kind: 'text', text, ...(files && { files }) },
  }
}

const types: Readonly<Record<string, string>> = {
  gif: 'image/gif',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  csv: 'text/csv',
  htm: 'text/html',
  html: 'text/html',
  json: 'application/json',
  pdf: 'application/pdf',
  xml: 'application/xml',
  zip: 'application/zip',
}

/** What a file of that name holds. */
export function typeOfFile(path: string): string {
  return types[/\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream'
}
