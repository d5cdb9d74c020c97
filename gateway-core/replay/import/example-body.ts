import { isObject } from '../../openapi/pointer.ts'
import type { ReplayBody } from '../../protocol/replay-request.ts'
import { multipartOf } from './multipart.ts'

/** A value as a body of a media type; `root` names what an XML document begins with. */
export function exampleBody(value: unknown, type: string, root: string): { type: string; body: ReplayBody } {
  const text = (content: string) => ({ type, body: { kind: 'text' as const, text: content } })
  if (/json/i.test(type)) return text(JSON.stringify(value, null, 2))
  if (/^multipart\//i.test(type) && isObject(value)) {
    const parts = Object.entries(value).map(([name, one]) => ({
      name,
      content: Buffer.from(plain(one)),
      ...(typeof one === 'object' && { type: 'application/json' }),
    }))
    const form = multipartOf(parts)
    return { type: `${type.replace(/;.*$/s, '')}; boundary=${form.boundary}`, body: form.body }
  }
  if (/urlencoded/i.test(type) && isObject(value)) {
    const fields = Object.entries(value).map(([name, one]): [string, string] => [name, plain(one)])
    return text(new URLSearchParams(fields).toString())
  }
  if (/xml/i.test(type) && isObject(value)) return text(xmlOf(root, value, ''))
  return text(plain(value))
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function xmlOf(name: string, value: unknown, indent: string): string {
  if (Array.isArray(value)) return value.map((one) => xmlOf(name, one, indent)).join('\n')
  if (!isObject(value)) return `${indent}<${name}>${escaped(value === null ? '' : plain(value))}</${name}>`
  const members = Object.entries(value).map(([key, one]) => xmlOf(key, one, `${indent}  `))
  return members.length === 0 ? `${indent}<${name}/>` : `${indent}<${name}>\n${members.join('\n')}\n${indent}</${name}>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
