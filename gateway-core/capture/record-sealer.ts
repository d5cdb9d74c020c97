import { hash } from 'node:crypto'
import type { MessageSide, Place } from '../exchange.ts'
import { type BodySlot, bodySlots, type Extra, type Field, slot } from './layout.ts'
import { markerOf } from './markers.ts'
import { moreOfMessage, type SealedMessage } from './message-table.ts'
import { shortestNeedle } from './needles.ts'
import type { MessageRecord } from './record.ts'
import {
  type BodyHead,
  type BodyReading,
  readBody,
  readDetail,
  readExtra,
  readHeaders,
  type Reading,
  readKnowledge,
  readQuery,
  readText,
} from './readings.ts'
import { type SealedPlaces, sortPlaces } from './sealed-places.ts'
import type { Sealer } from './sealer.ts'

/** A body ready to be written: text, or bytes where it is binary or coded. `note` says how to read it, see {@link noteOf}. */
export interface SealedBody {
  value: string | Uint8Array
  note: string | null
  /** Where the body stands as it came: equal bodies of other records are this same reading. */
  reading?: BodyReading
}

/** One record without its secrets, each text as it will stand in the database. */
export interface SealedRecord {
  context: Reading
  requestHeaders: Reading
  responseHeaders: Reading | undefined
  detail: Reading | undefined
  knowledge: Reading | undefined
  extra: Reading | undefined
  path: string
  query: string
  target: string | null
  own: string
  bodies: (SealedBody | 'same' | undefined)[]
}

const none: readonly string[] = []
/** Characters of texts remembered per epoch: what repeats is short. */
const readingLimit = 1_500_000

/** Exchanges with messages whose secrets are remembered. */
const mostOpen = 10_000

type ReadingKind = 'context' | 'request' | 'response' | 'detail' | 'knowledge' | 'extra'

/**
 * Takes the secrets out of records (DESIGN, rule 7). Texts that repeat are read once. All secrets of a record are
 * gathered first; then each of its texts is searched for each of them, because clients and servers echo credentials.
 */
export class RecordSealer {
  readonly #sealer: Sealer
  /** By the places they were made under, because those change what is secret. */
  readonly #readings = new Map<SealedPlaces, Record<ReadingKind, Map<string, Reading>>>()
  #readingSize = 0
  readonly #bodies = new Map<string, BodyReading>()
  #bodySize = 0
  readonly #places = new Map<string, SealedPlaces>()
  readonly #openSecrets = new Map<string, readonly string[]>()
  readonly #everywhere: readonly Place[]
  readonly #noPlaces: SealedPlaces

  /** `everywhere`: places sealed in each exchange, besides those that the record itself names. */
  constructor(sealer: Sealer, everywhere: readonly Place[]) {
    this.#sealer = sealer
    this.#everywhere = everywhere
    this.#noPlaces = sortPlaces(everywhere, '')
  }

  /** Forgets all texts; afterwards every reading's part is unwritten again. */
  clear(): void {
    this.#readings.clear()
    this.#bodies.clear()
    this.#places.clear()
    this.#readingSize = 0
    this.#bodySize = 0
  }

  get full(): boolean {
    return this.#readingSize > readingLimit
  }

  /** Seals a message: what its places name, tokens, and every echo of the secrets of its exchange. */
  sealMessage(record: MessageRecord): SealedMessage {
    const { exchange, side, bytes, sent, sealed, truncated } = record
    const places = sortPlaces([...this.#everywhere, ...sealed], JSON.stringify(sealed))
    const readings = [bytes, ...(sent ? [sent] : [])].map((content) => this.#body(content, {}, side, places))
    const found = [this.#openSecrets.get(exchange) ?? none, ...readings.map((reading) => reading.secrets)]
    const secrets = union(found.filter((list) => list.length > 0))
    const [content, other] = readings.map((reading) =>
      this.#sealBody(reading, secrets, truncated && secrets.length > 0),
    )
    const more = moreOfMessage(record)
    return {
      record,
      content: content!,
      sent: other,
      more: more === null ? null : this.#sealer.sealEchoes(more, secrets, true),
    }
  }

  /** Secrets of an exchange that goes on are those of its messages too, also of those that are written after its end. */
  #remember(id: string, secrets: readonly string[]): void {
    if (secrets.length === 0) return
    if (this.#openSecrets.size >= mostOpen) this.#openSecrets.delete(this.#openSecrets.keys().next().value!)
    this.#openSecrets.set(id, secrets)
  }

  /** Seals the record that begins at `at` in a batch. */
  seal(fields: readonly Field[], at: number, bytes: Uint8Array): SealedRecord {
    const text = (offset: number) => fields[at + offset] as string | null
    const extraText = text(slot.extra)
    const places = extraText === null ? this.#noPlaces : this.#placesOf(extraText)
    const requestHeaders = this.#reading('request', text(slot.requestHeaders)!, places)
    const responseHeaders = this.#optional('response', text(slot.responseHeaders), places)
    const context = this.#reading('context', text(slot.context)!, places)
    const detail = this.#optional('detail', text(slot.detail), places)
    const knowledge = this.#optional('knowledge', text(slot.knowledge), places)
    const extra = this.#optional('extra', extraText, places)
    const found: (readonly string[])[] = []
    for (const reading of [requestHeaders, responseHeaders, context, detail, knowledge, extra]) {
      if (reading && reading.secrets.length > 0) found.push(reading.secrets)
    }
    let path = this.#plain(text(slot.path)!, found)
    const query = this.#parameters(text(slot.query), places, found)
    const target = this.#parameters(text(slot.target), places, found)
    let own = this.#plain(text(slot.own)!, found)
    if (places.path.size > 0) ({ path, own } = this.#pathParameters(path, own, places, found))
    const bodies = this.#readBodies(fields, at, bytes, { requestHeaders, responseHeaders, extra: extraText, places })
    for (const body of bodies) if (typeof body === 'object' && body.secrets.length > 0) found.push(body.secrets)

    const secrets = found.length === 0 ? none : found.length === 1 ? found[0]! : union(found)
    if (fields[at + slot.state] === 1) this.#remember(fields[at + slot.id] as string, secrets)
    const seal = (json: boolean, value: string) => this.#sealer.sealEchoes(value, secrets, json)
    const any = secrets.length > 0
    const cut = any && extraText !== null && extraText.includes('"truncated":true')
    return {
      context: this.#echoFree(context, secrets),
      requestHeaders: this.#echoFree(requestHeaders, secrets),
      responseHeaders: responseHeaders && this.#echoFree(responseHeaders, secrets),
      detail: detail && this.#echoFree(detail, secrets),
      knowledge: knowledge && this.#echoFree(knowledge, secrets),
      extra: extra && this.#echoFree(extra, secrets),
      path: any ? seal(false, path) : path,
      query: any && query !== '' ? seal(false, query!) : query!,
      target: any && target !== null ? seal(false, target) : target,
      own: any ? seal(true, own) : own,
      bodies: bodies.map((body) => (typeof body === 'object' ? this.#sealBody(body, secrets, cut) : body)),
    }
  }

  #placesOf(extraText: string): SealedPlaces {
    const known = this.#places.get(extraText)
    if (known) return known
    const { sealed } = JSON.parse(extraText) as Extra
    let places = this.#noPlaces
    if (sealed && sealed.length > 0) {
      const key = JSON.stringify(sealed)
      places = this.#places.get(key) ?? sortPlaces([...this.#everywhere, ...sealed], key)
      this.#places.set(key, places)
    }
    if (extraText.length < 4096) this.#places.set(extraText, places)
    return places
  }

  #optional(kind: ReadingKind, text: string | null, places: SealedPlaces): Reading | undefined {
    return text === null ? undefined : this.#reading(kind, text, places)
  }

  #reading(kind: ReadingKind, text: string, places: SealedPlaces): Reading {
    let byKind = this.#readings.get(places)
    if (!byKind) this.#readings.set(places, (byKind = emptyReadings()))
    const readings = byKind[kind]
    const known = readings.get(text)
    if (known) return known
    const reading = this.#read(kind, text, places)
    readings.set(text, reading)
    this.#readingSize += text.length + reading.text.length
    return reading
  }

  #read(kind: ReadingKind, text: string, places: SealedPlaces): Reading {
    switch (kind) {
      case 'request':
      case 'response':
        return readHeaders(text, kind, places, this.#sealer)
      case 'detail':
        return readDetail(text, places, this.#sealer)
      case 'knowledge':
        return readKnowledge(text, places, this.#sealer)
      case 'extra':
        return readExtra(text, places, this.#sealer)
      case 'context':
        return readText(text, this.#sealer)
    }
  }

  #plain(text: string, found: (readonly string[])[]): string {
    if (!text.includes('eyJ')) return text
    const reading = readText(text, this.#sealer)
    if (reading.secrets.length > 0) found.push(reading.secrets)
    return reading.text
  }

  #parameters(text: string | null, places: SealedPlaces, found: (readonly string[])[]): string | null {
    if (text === null || text === '') return text
    const reading = readQuery(text, places, this.#sealer)
    if (reading.secrets.length > 0) found.push(reading.secrets)
    return reading.text
  }

  /** Path parameters that are credentials: their segment, and their value among the parameters. */
  #pathParameters(path: string, own: string, places: SealedPlaces, found: (readonly string[])[]) {
    const numbers = JSON.parse(own) as unknown[]
    const parameters = numbers[3] as Record<string, string> | 0
    if (!parameters) return { path, own }
    const secrets: string[] = []
    let segments = path.split('/')
    for (const name of places.path) {
      const value = parameters[name]
      if (value === undefined || value === '') continue
      secrets.push(value)
      segments = segments.map((segment) =>
        segment === value || segment === encodeURIComponent(value) ? this.#sealer.marker(segment) : segment,
      )
      parameters[name] = this.#sealer.marker(value)
    }
    if (secrets.length > 0) found.push(secrets)
    return { path: segments.join('/'), own: JSON.stringify(numbers) }
  }

  #readBodies(
    fields: readonly Field[],
    at: number,
    bytes: Uint8Array,
    heads: {
      requestHeaders: Reading
      responseHeaders: Reading | undefined
      extra: string | null
      places: SealedPlaces
    },
  ): (BodyReading | 'same' | undefined)[] {
    const bodies: (BodyReading | 'same' | undefined)[] = []
    for (let index = 0; index < bodySlots.length; index++) {
      const length = fields[at + slot.bodies + index * 2 + 1] as number
      if (length < 0) {
        bodies.push(length === -2 ? 'same' : undefined)
        continue
      }
      const start = fields[at + slot.bodies + index * 2] as number
      const name = bodySlots[index]!
      const side: MessageSide = name === 'request' || name === 'forwarded' ? 'request' : 'response'
      const head = this.#headOf(name, heads)
      bodies.push(this.#body(bytes.subarray(start, start + length), head, side, heads.places))
    }
    return bodies
  }

  #headOf(
    name: BodySlot,
    heads: {
      requestHeaders: Reading
      responseHeaders: Reading | undefined
      extra: string | null
      places: SealedPlaces
    },
  ): BodyHead {
    const plain: BodyHead = name === 'request' ? heads.requestHeaders : (heads.responseHeaders ?? {})
    const received = name === 'request' || name === 'response'
    if (received && !heads.extra?.includes('"decoded":true')) return plain
    const extra = heads.extra === null ? {} : (JSON.parse(heads.extra) as Extra)
    // An imported body may be decoded while its headers say otherwise.
    if (extra.bodies?.[name]?.decoded) return { contentType: plain.contentType }
    if (received) return plain
    const own = name === 'forwarded' ? extra.forwarded?.headers : extra.upstreamResponse?.headers
    if (!own) return (name === 'forwarded' ? heads.requestHeaders : heads.responseHeaders) ?? {}
    return readHeaders(JSON.stringify(own), name === 'forwarded' ? 'request' : 'response', heads.places, this.#sealer)
  }

  #body(bytes: Uint8Array, head: BodyHead, side: MessageSide, places: SealedPlaces): BodyReading {
    if (bytes.byteLength > 65_536) return readBody(bytes, head, side, places, this.#sealer)
    const content =
      bytes.byteLength <= 1024
        ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
        : hash('sha256', bytes, 'base64')
    const key = `${side}${head.contentType}\n${head.coding}\n${places.key}${bytes.byteLength}\n${content}`
    const known = this.#bodies.get(key)
    if (known) return known
    const reading = readBody(Uint8Array.prototype.slice.call(bytes), head, side, places, this.#sealer)
    if (this.#bodySize > readingLimit) {
      this.#bodies.clear()
      this.#bodySize = 0
    }
    this.#bodies.set(key, reading)
    this.#bodySize += key.length + bytes.byteLength * 2
    return reading
  }

  /** The same reading when it holds no secret; else a new one without them. */
  #echoFree(reading: Reading, secrets: readonly string[]): Reading {
    if (secrets.length === 0 || reading.cleanFor === secrets) return reading
    const text = this.#sealer.sealEchoes(reading.text, secrets, true)
    if (text !== reading.text) return { ...reading, text, part: 0 }
    reading.cleanFor = secrets
    return reading
  }

  #sealBody(body: BodyReading, secrets: readonly string[], cut: boolean): SealedBody {
    const { bytes, coding } = body
    if (body.opaque || (body.text === undefined && this.#sealer.holds(latin1(bytes), secrets))) {
      return { value: '', note: noteOf({ sealed: this.#sealer.bytesTag(bytes), length: bytes.byteLength }) }
    }
    if (body.text === undefined) return { value: bytes, note: coding ?? null, reading: body }
    let text = secrets.length > 0 ? this.#sealer.sealEchoes(body.text, secrets, false) : body.text
    if (cut) text = this.#sealer.sealTail(text, secrets)
    const changed = body.changed || text !== body.text
    if (!changed) {
      return body.exact
        ? { value: text, note: null, reading: body }
        : { value: bytes, note: coding ?? null, reading: body }
    }
    if (body.exact) return { value: text, note: null }
    return { value: text, note: noteOf({ sealed: this.#sealer.bytesTag(bytes), length: bytes.byteLength }) }
  }
}

/**
 * How a body part is to be read: null: as it stands; `gzip` and the like: bytes under that coding; `⟦sealed:…⟧`: the
 * wire bytes are sealed as a whole, and the part's text is only their readable form.
 */
export function noteOf(body: { sealed: string; length: number }): string {
  return markerOf(body.sealed, body.length)
}

function emptyReadings(): Record<ReadingKind, Map<string, Reading>> {
  return {
    context: new Map(),
    request: new Map(),
    response: new Map(),
    detail: new Map(),
    knowledge: new Map(),
    extra: new Map(),
  }
}

function union(lists: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(lists.flat())].filter((secret) => secret.length >= shortestNeedle)
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}
