import { Buffer } from 'node:buffer'
import { parseContentType } from './content-type.ts'

/** One part of a `multipart/form-data` body (RFC 7578). */
export interface Part {
  name: string
  fileName: string | undefined
  /** `type/subtype` in lower case; `text/plain` where the part says nothing. */
  type: string
  bytes: Uint8Array
}

const mostParts = 1_000

/** Splits a multipart body strictly; a string says what is wrong with it. */
export function partsOf(bytes: Uint8Array, boundary: string | undefined): Part[] | string {
  if (boundary === undefined || boundary === '' || boundary.length > 70)
    return 'a boundary of 1 to 70 characters in Content-Type'
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
  let at = body.indexOf(delimiter.subarray(2)) === 0 ? delimiter.length - 2 : endOf(body.indexOf(delimiter), delimiter)
  if (at < 0) return 'the boundary that Content-Type names'
  const parts: Part[] = []
  for (;;) {
    if (body[at] === 45 && body[at + 1] === 45) return parts
    const lineEnd = body.indexOf('\r\n', at)
    if (lineEnd < 0 || body.subarray(at, lineEnd).toString('latin1').trim() !== '')
      return 'a line break after each boundary'
    const headersEnd = body.indexOf('\r\n\r\n', lineEnd)
    const next = body.indexOf(delimiter, lineEnd)
    if (next < 0) return 'a closing boundary'
    if (headersEnd < 0 || headersEnd > next) return 'an empty line after the headers of each part'
    const part = partOf(body.subarray(lineEnd + 2, headersEnd).toString('utf8'), body.subarray(headersEnd + 4, next))
    if (typeof part === 'string') return part
    if (parts.push(part) > mostParts) return `at most ${mostParts} parts`
    at = next + delimiter.length
  }
}

function endOf(found: number, delimiter: Buffer): number {
  return found < 0 ? -1 : found + delimiter.length
}

function partOf(headers: string, bytes: Buffer): Part | string {
  let name: string | undefined
  let fileName: string | undefined
  let type = 'text/plain'
  for (const line of headers.split('\r\n')) {
    const colon = line.indexOf(':')
    const header = line.slice(0, Math.max(colon, 0)).trim().toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (header === 'content-type') type = parseContentType(value)?.essence ?? type
    if (header !== 'content-disposition') continue
    if (name !== undefined) return 'one Content-Disposition in each part'
    if (!/^form-data\s*;/i.test(value)) return 'form-data in each Content-Disposition'
    name = parameterOf(value, 'name')
    fileName = parameterOf(value, 'filename') ?? parameterOf(value, String.raw`filename\*`)
  }
  return name === undefined ? 'a name in each part' : { name, fileName, type, bytes }
}

function parameterOf(value: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]*))`, 'i').exec(value)
  return found ? (found[1]?.replaceAll(/\\(["\\])/g, '$1') ?? found[2]) : undefined
}
