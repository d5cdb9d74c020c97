import { Buffer, isUtf8 } from 'node:buffer'
import type { Body, Exchange } from '../../exchange.ts'
import { join } from '../../openapi/pointer.ts'
import { decodeForm, rawPairsOf } from '../../openapi/query.ts'
import { duplicateKey } from '../request-validation/duplicate-keys.ts'
import { contentTypeOf } from '../content-type-of.ts'
import { kindOf, parseContentType } from '../request-validation/content-type.ts'
import { partsOf } from '../request-validation/multipart.ts'
import type { Field } from './fields.ts'
import type { Context } from './finding.ts'

/** Called for each text of a body with its pointer and, where the document declares it, its field. */
export type VisitBody = (text: string, pointer: string | undefined, context: Context, field: Field | undefined) => void

const value: Context = { place: 'body', name: false }
const name: Context = { place: 'body', name: true }

/** More texts than this in one body are not looked at one by one; then all of it is read as one text. */
const mostTexts = 50_000

/** Visits the names and values of JSON, forms and multipart text, the text of XML, and other text as a whole. */
export function visitBody(body: Body, exchange: Exchange, field: Field | undefined, visit: VisitBody): void {
  const type = parseContentType(contentTypeOf(exchange.request.headers) ?? '')
  const kind = type ? kindOf(type.essence) : 'form'
  if (kind === 'json' && body.json.ok) {
    const { value: root } = body.json
    // Of two members of one name only one is seen in the value; which one counts behind the gateway is not known.
    if (!visitJson(root, field, visit) || duplicateKey(body.text, root) !== undefined)
      visit(body.text, undefined, value, undefined)
    return
  }
  if (kind === 'multipart') {
    const parts = partsOf(body.bytes, type?.parameters.get('boundary'))
    if (typeof parts !== 'string') {
      for (const part of parts) {
        const pointer = join('', part.name)
        visit(part.name, pointer, name, undefined)
        if (part.fileName !== undefined) visit(part.fileName, pointer, value, undefined)
        else if (isUtf8(part.bytes) || /^text\/|json|xml/.test(part.type))
          visit(textOf(part.bytes), pointer, value, field?.property(part.name))
      }
      return
    }
  }
  const markup = type !== undefined && /xml\b|html\b/.test(type.essence)
  const isText =
    markup || kind !== 'opaque' || /^text\/|javascript|graphql|yaml|ndjson|octet-stream/.test(type?.essence ?? '')
  if (!isText || (type?.essence === 'application/octet-stream' && !isUtf8(body.bytes))) return
  const text = isUtf8(body.bytes) && body.bytes[1] !== 0 ? body.text : textOf(body.bytes)
  if (kind === 'form') visitForm(text, field, visit)
  else if (markup) visitMarkup(text, visit)
  else visit(text, undefined, value, field)
}

/** Text of bytes in UTF-8, else UTF-16 where marks or zero bytes say so, else read byte by byte: one odd byte hides nothing. */
function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const [first, second] = buffer
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return buffer.toString('utf16le')
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0 && buffer.length > 1))
    return Buffer.from(buffer.subarray(0, buffer.length & ~1))
      .swap16()
      .toString('utf16le')
  return buffer.toString(isUtf8(buffer) ? 'utf8' : 'latin1')
}

function visitForm(text: string, field: Field | undefined, visit: VisitBody): void {
  for (const [key, raw] of rawPairsOf(text)) {
    const pointer = join('', key)
    if (raw !== '') visit(decodeForm(raw), pointer, value, field?.property(key))
    visit(key, pointer, name, undefined)
  }
}

const cdata = '<![CDATA['

/** Entities of a document are the attack, not its elements: declarations as written, then texts and attribute values. */
function visitMarkup(text: string, visit: VisitBody): void {
  const prolog =
    /<!(?:DOCTYPE|ENTITY)[^<]{0,2000}/i.exec(text) ?? /<(?:xi:include|\?xml-stylesheet)[^>]{0,500}/i.exec(text)
  if (prolog) visit(text.slice(prolog.index, prolog.index + 2000), undefined, value, undefined)
  let count = 0
  for (const found of text.matchAll(/>([^<>]+)<|=\s*"([^"]*)"|=\s*'([^']*)'/g)) {
    if ((count += 1) > mostTexts) {
      visit(text, undefined, value, undefined)
      return
    }
    const inner = found[1] ?? found[2] ?? found[3] ?? ''
    if (inner.length > 2 && inner.trim() !== '') visit(inner, undefined, value, undefined)
  }
  let start = text.indexOf(cdata)
  for (let end = start; start >= 0 && end >= 0; start = text.indexOf(cdata, end)) {
    end = text.indexOf(']]>', start)
    visit(text.slice(start + cdata.length, end < 0 ? text.length : end), undefined, value, undefined)
    if (end < 0) return
  }
}

interface Open {
  node: unknown
  pointer: string
  field: Field | undefined
}

/** Visits the names and texts of a JSON value; false where there were too many to visit each. */
export function visitJson(root: unknown, field: Field | undefined, visit: VisitBody): boolean {
  const open: Open[] = [{ node: root, pointer: '', field }]
  let count = 0
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { node, pointer } = entry
    if (typeof node === 'string') {
      if ((count += 1) > mostTexts) return false
      visit(node, pointer, value, entry.field)
    } else if (Array.isArray(node)) {
      const { item } = entry.field ?? {}
      for (let at = node.length - 1; at >= 0; at -= 1) {
        const child: unknown = node[at]
        if (typeof child === 'string' || (typeof child === 'object' && child !== null))
          open.push({ node: child, pointer: `${pointer}/${at}`, field: item })
      }
    } else if (typeof node === 'object' && node !== null) {
      for (const key of Object.keys(node)) {
        const child = (node as Record<string, unknown>)[key]
        const known = entry.field?.property(key)
        if (!known) visit(key, join(pointer, key), name, undefined)
        if (typeof child === 'string' || (typeof child === 'object' && child !== null))
          open.push({ node: child, pointer: join(pointer, key), field: known })
      }
    }
  }
  return true
}
