import { bytesAsText, decoded, encoded, type JsonFault, scanJson, stringValue, textAsBytes } from '../../json/scan.ts'
import { join } from '../../openapi/pointer.ts'
import { type DetectorName, detectors, type Hit, promising } from './detectors.ts'
import { masked, type Masking } from './methods.ts'
import { beginning, descend, type FieldRule, type Progress } from './pointer-pattern.ts'

export interface BodyRules {
  readonly fields: readonly FieldRule[]
  readonly detect: readonly { readonly name: DetectorName; readonly masking: Masking }[]
}

/** One masked value: where it stood and what found it. `pointer` is absent in bodies that are not JSON. */
export interface MaskedValue {
  readonly pointer: string | undefined
  readonly by: DetectorName | 'field'
  readonly method: Masking['method']
}

export type MaskedBody = { bytes: Uint8Array; values: readonly MaskedValue[] } | { fault: JsonFault }

/**
 * Masks a body in place: bytes outside of the masked values stay as they are, whatever their formatting, number notation
 * or encoding errors. The body is read as one character per byte, so that invalid UTF-8 survives.
 */
export function maskBody(bytes: Uint8Array, contentType: string | undefined, rules: BodyRules): MaskedBody {
  const text = bytesAsText(bytes)
  const kind = formOf(contentType, text)
  const edits = new Edits()
  if (kind === 'form') maskForm(text, rules, edits)
  else if (kind === 'text') maskText(text, rules, edits, undefined)
  else if (kind === 'json-lines') {
    const fault = maskLines(text, rules, edits)
    if (fault) return { fault }
  } else {
    const fault = new JsonMasker(text, rules, edits).run()
    if (fault && kind === 'json') return { fault }
    // It only looked like JSON, or each of its lines is.
    if (fault && maskLines(text, rules, edits.cleared())) maskText(text, rules, edits.cleared(), undefined)
  }
  return { bytes: edits.values.length === 0 ? bytes : textAsBytes(edits.apply(text)), values: edits.values }
}

/** `json` and `json-lines`: said to be; `perhaps-json`: begins like it. */
function formOf(
  contentType: string | undefined,
  text: string,
): 'json' | 'json-lines' | 'perhaps-json' | 'form' | 'text' {
  const type = contentType?.split(';', 1)[0]!.trim().toLowerCase()
  if (type !== undefined && /^[^/]+\/(?:[^/]+\+)?json$/.test(type)) return text.trim() === '' ? 'text' : 'json'
  if (type !== undefined && /^[^/]+\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-seq)$/.test(type))
    return 'json-lines'
  if (type === 'application/x-www-form-urlencoded') return 'form'
  return /^(?:\u00ef\u00bb\u00bf)?\s*[[{"]/.test(text) ? 'perhaps-json' : 'text'
}

/** What to replace, in the order of the text. */
class Edits {
  values: MaskedValue[] = []
  #spans: { start: number; end: number; text: string }[] = []

  add(start: number, end: number, text: string, value: MaskedValue): void {
    this.#spans.push({ start, end, text })
    this.values.push(value)
  }

  cleared(): this {
    this.values = []
    this.#spans = []
    return this
  }

  /** Takes over what was found in the piece of text that begins at `offset`; no pointer leads there from the whole. */
  take(edits: Edits, offset: number): void {
    for (const { start, end, text } of edits.#spans)
      this.#spans.push({ start: start + offset, end: end + offset, text })
    for (const value of edits.values) this.values.push({ ...value, pointer: undefined })
  }

  apply(text: string): string {
    let result = ''
    let at = 0
    for (const span of this.#spans) {
      result += text.slice(at, span.start) + span.text
      at = span.end
    }
    return result + text.slice(at)
  }
}

interface Frame {
  readonly object: boolean
  readonly progress: readonly Progress[]
  /** Index of the current item, or name of the current member. */
  index: number
  name: string
  /** The name itself is something to mask, so it may not stand in a pointer. */
  nameMasked: boolean
}

class JsonMasker {
  readonly #text: string
  readonly #rules: BodyRules
  readonly #edits: Edits
  readonly #frames: Frame[] = []
  #reached = beginning([])
  /** While a whole object or array is replaced: where it began, how deep, and how. */
  #whole: { start: number; depth: number; masking: Masking; pointer: string } | undefined

  constructor(text: string, rules: BodyRules, edits: Edits) {
    this.#text = text
    this.#rules = rules
    this.#edits = edits
    this.#reached = beginning(rules.fields)
  }

  run(): JsonFault | undefined {
    return scanJson(this.#text, this)
  }

  open(object: boolean, start: number): void {
    this.#arrive()
    const { hit, next } = this.#reached
    if (hit && !this.#whole) {
      this.#whole = { start, depth: this.#frames.length, masking: hit, pointer: this.#pointer() }
    }
    this.#frames.push({ object, progress: next, index: -1, name: '', nameMasked: false })
  }

  close(end: number): void {
    this.#frames.pop()
    const whole = this.#whole
    if (!whole || whole.depth !== this.#frames.length) return
    const text = this.#text.slice(whole.start, end)
    const value = { pointer: whole.pointer, by: 'field', method: whole.masking.method } as const
    this.#edits.add(whole.start, end, quoted(masked(decoded(text), whole.masking)), value)
    this.#whole = undefined
  }

  key(start: number, end: number): void {
    const frame = this.#frames.at(-1)!
    // Nothing below can be hit, so nobody will ask where it stands.
    if (frame.progress.length === 0 && this.#rules.detect.length === 0) {
      this.#reached = nothing
      return
    }
    frame.name = stringValue(this.#text.slice(start, end))
    frame.nameMasked = false
    this.#reached = descend(frame.progress, frame.name)
    if (this.#whole || this.#rules.detect.length === 0) return
    frame.nameMasked = this.#detect(start, end, true, this.#pointer(this.#frames.length - 1))
  }

  scalar(start: number, end: number, isString: boolean): void {
    this.#arrive()
    if (this.#whole) return
    const { hit } = this.#reached
    if (!hit) {
      if (this.#rules.detect.length > 0) this.#detect(start, end, isString, undefined)
      return
    }
    const token = this.#text.slice(start, end)
    if (token === 'null') return
    const value = isString ? stringValue(token) : token
    this.#edits.add(start, end, quoted(masked(value, hit)), {
      pointer: this.#pointer(),
      by: 'field',
      method: hit.method,
    })
  }

  /** Items have no key that says where they are. */
  #arrive(): void {
    const frame = this.#frames.at(-1)
    if (!frame || frame.object) return
    frame.index += 1
    this.#reached = frame.progress.length === 0 ? nothing : descend(frame.progress, String(frame.index))
  }

  /** Runs the detectors over a string or number. One with escapes is written anew, any other is edited where it matches. */
  #detect(start: number, end: number, isString: boolean, pointer: string | undefined): boolean {
    const token = this.#text.slice(start, end)
    if (!isString) {
      if (end - start < 8) return false
      const hit = findAll(token, this.#rules)[0]
      if (hit) this.#add(start, end, quoted(maskHits(token, [hit])), [hit], pointer)
      return hit !== undefined
    }
    const escaped = token.includes('\\')
    const inside = escaped ? encoded(stringValue(token)) : token.slice(1, -1)
    const hits = findAll(inside, this.#rules)
    if (hits.length === 0) return false
    const text = maskHits(inside, hits)
    // Without escapes nothing outside of the matches changes; replacements are escaped as they are made.
    this.#add(start, end, escaped ? quoted(decoded(text)) : `"${maskHits(inside, hits, escapedInside)}"`, hits, pointer)
    return true
  }

  #add(start: number, end: number, text: string, hits: readonly Found[], pointer = this.#pointer()): void {
    for (const [nth, hit] of hits.entries()) {
      const value = { pointer, by: hit.name, method: hit.masking.method }
      // All matches of one token are one edit; the others are only told of.
      if (nth === 0) this.#edits.add(start, end, text, value)
      else this.#edits.values.push(value)
    }
  }

  #pointer(depth = this.#frames.length): string {
    let pointer = ''
    for (const frame of this.#frames.slice(0, depth)) {
      pointer = join(pointer, frame.object ? (frame.nameMasked ? '*' : frame.name) : frame.index)
    }
    return pointer
  }
}

const nothing = { hit: undefined, next: [] } as const

interface Found extends Hit {
  readonly name: DetectorName
  readonly masking: Masking
}

/** All matches in the order of the text; matches that overlap become one, masked as the first of them. */
function findAll(text: string, rules: BodyRules): Found[] {
  const all: Found[] = []
  const promises = promising(text)
  for (const { name, masking } of rules.detect) {
    if (!promises(name)) continue
    for (const { start, end } of detectors[name](text)) all.push({ start, end, name, masking })
  }
  if (all.length < 2) return all
  all.sort((a, b) => a.start - b.start || b.end - a.end)
  const apart: Found[] = []
  for (const hit of all) {
    const last = apart.at(-1)
    if (!last || hit.start >= last.end) apart.push(hit)
    else if (hit.end > last.end) apart[apart.length - 1] = { ...last, end: hit.end }
  }
  return apart
}

function maskHits(text: string, hits: readonly Found[], write: (replacement: string) => string = encoded): string {
  let result = ''
  let at = 0
  for (const hit of hits) {
    result += text.slice(at, hit.start) + write(masked(decoded(text.slice(hit.start, hit.end)), hit.masking, hit.name))
    at = hit.end
  }
  return result + text.slice(at)
}

function maskText(text: string, rules: BodyRules, edits: Edits, pointer: string | undefined): void {
  for (const hit of findAll(text, rules)) {
    const replacement = encoded(masked(decoded(text.slice(hit.start, hit.end)), hit.masking, hit.name))
    edits.add(hit.start, hit.end, replacement, { pointer, by: hit.name, method: hit.masking.method })
  }
}

/** One JSON text a line (NDJSON, JSON Lines), or after each record separator (RFC 7464). */
function maskLines(text: string, rules: BodyRules, edits: Edits): JsonFault | undefined {
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    const from = text[start] === '\u001E' ? start + 1 : start
    const line = text.slice(from, end)
    start = end + 1
    if (line.trim() === '') continue
    const found = new Edits()
    const fault = new JsonMasker(line, rules, found).run()
    if (fault) return { message: fault.message, offset: fault.offset + from }
    edits.take(found, from)
  }
  return undefined
}

/** Names are pointers of one step; values are decoded to be looked at, and written anew only where something was found. */
function maskForm(text: string, rules: BodyRules, edits: Edits): void {
  const { next } = beginning(rules.fields)
  let start = 0
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const name = formDecoded(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : formDecoded(pair.slice(equals + 1))
    const from = start + (equals === -1 ? pair.length : equals + 1)
    const end = start + pair.length
    start = end + 1
    if (value === '') continue
    const field = descend(next, name).hit
    const pointer = join('', name)
    if (field) {
      edits.add(from, end, formEncoded(masked(value, field)), { pointer, by: 'field', method: field.method })
      continue
    }
    const hits = findAll(encoded(value), rules)
    const [first] = hits
    if (!first) continue
    const replacement = formEncoded(decoded(maskHits(encoded(value), hits)))
    edits.add(from, end, replacement, { pointer, by: first.name, method: first.masking.method })
  }
}

function formDecoded(text: string): string {
  const spaced = decoded(text).replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

function formEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function quoted(text: string): string {
  return encoded(JSON.stringify(text))
}

function escapedInside(text: string): string {
  return quoted(text).slice(1, -1)
}
