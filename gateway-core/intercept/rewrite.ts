import type { Replacement, Rewrite } from '../config/rules.ts'
import type { RawHeaders } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import type { RequestDraft, ResponseDraft } from './draft.ts'
import { setAtPointer } from './json-pointer.ts'

/** Changes a request as a rule says; false where nothing came out differently. */
export async function rewriteRequest(rewrite: Rewrite, draft: RequestDraft): Promise<boolean> {
  const { method, target } = draft.start
  const url = replaceAll(target, rewrite.replace, 'url')
  const start = { method: rewrite.method ?? method, target: url }
  const startChanged = start.method !== method || start.target !== target
  if (startChanged) draft.start = start
  const headersChanged = rewriteHeaders(rewrite, draft)
  return (await rewriteBody(rewrite, draft)) || headersChanged || startChanged
}

/** Changes a response as a rule says. */
export async function rewriteResponse(rewrite: Rewrite, draft: ResponseDraft): Promise<boolean> {
  const { status } = draft.start
  const startChanged = rewrite.status !== undefined && rewrite.status !== status
  if (startChanged) draft.start = { status: rewrite.status!, reason: '' }
  const headersChanged = rewriteHeaders(rewrite, draft)
  return (await rewriteBody(rewrite, draft)) || headersChanged || startChanged
}

function rewriteHeaders(rewrite: Rewrite, draft: RequestDraft | ResponseDraft): boolean {
  let list = new HeaderList(draft.headers)
  for (const name of rewrite.removeHeaders) list = list.without(name)
  for (const [name, values] of rewrite.setHeaders) {
    list = values.length === 0 ? list.without(name) : list.with(name, values[0]!)
    for (const value of values.slice(1)) list = list.appended(name, value)
  }
  const raw = list.raw.map((text, at) => (at % 2 === 0 ? text : oneLine(replaceAll(text, rewrite.replace, 'headers'))))
  if (sameList(raw, draft.headers)) return false
  draft.headers = raw
  return true
}

async function rewriteBody(rewrite: Rewrite, draft: RequestDraft | ResponseDraft): Promise<boolean> {
  const { body, setJson, replace } = rewrite
  const reads = setJson.length > 0 || replace.some((one) => one.in === 'body')
  if (body === undefined && !reads) return false
  await draft.read()
  const content = await draft.content()
  const before = content && !content.coded ? Buffer.from(content.bytes).toString('utf8') : undefined
  // What cannot be read as text is left alone: a binary body must not be damaged by a search in it.
  const exact = before !== undefined && Buffer.from(before).equals(content!.bytes)
  let text = body ?? (exact ? before : undefined)
  if (text === undefined) return false
  text = replaceAll(text, replace, 'body')
  if (setJson.length > 0) text = withJson(text, setJson)
  if (text === before) return false
  draft.setBody(Buffer.from(text))
  return true
}

function withJson(text: string, changes: Rewrite['setJson']): string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return text
  }
  for (const [pointer, wanted] of changes) value = setAtPointer(value, pointer, wanted)
  return JSON.stringify(value)
}

function replaceAll(text: string, replacements: readonly Replacement[], where: Replacement['in']): string {
  let replaced = text
  for (const { in: place, find, with: other } of replacements) {
    if (place !== where) continue
    replaced =
      typeof find === 'string' ? replaced.replaceAll(find, () => other) : find.matcher(replaced).replaceAll(other)
  }
  return replaced
}

/** A header value is one line, whatever it was made of. */
function oneLine(value: string): string {
  return value.replace(/[\r\n\0]+/g, ' ')
}

function sameList(a: RawHeaders, b: RawHeaders): boolean {
  return a.length === b.length && a.every((text, at) => text === b[at])
}
