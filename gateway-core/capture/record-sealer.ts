import type { MessageSide, Place } from '../exchange.ts'
import type { BatchReader } from './batch-reader.ts'
import type { KnownText } from './known-text.ts'
import { valuesText } from './header-values.ts'
import { type BodySlot, bodySlots, type Extra, wholeHeaders } from './layout.ts'
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
  /** Values that those lists are without; see `valuesText`. */
  headerValues: string | null
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
/** A text that more callers share than these is searched again: it is short. */
const mostClean = 4
/** Exchanges with messages whose secrets are remembered. */
const mostOpen = 10_000

/**
 * Takes the secrets out of records (DESIGN, rule 7). Texts that repeat are read once. All secrets of a record are
 * gathered first; then each of its texts is searched for each of them, because clients and servers echo credentials.
 */
export class RecordSealer {
  readonly #sealer: Sealer
  readonly #places = new Map<string, SealedPlaces>()
  readonly #openSecrets = new Map<string, readonly string[]>()
  readonly #everywhere: readonly Place[]
  readonly #noPlaces: SealedPlaces
  readonly #unions = new WeakMap<readonly string[], WeakMap<readonly string[], readonly string[]>>()
  /** Readings of an earlier epoch do not count: their parts are not there any more. */
  #epoch = 0

  /** `everywhere`: places sealed in each exchange, besides those that the record itself names. */
  constructor(sealer: Sealer, everywhere: readonly Place[]) {
    this.#sealer = sealer
    this.#everywhere = everywhere
    this.#noPlaces = sortPlaces(everywhere, '')
  }

  /** Afterwards every reading's part is unwritten again. */
  clear(): void {
    this.#epoch++
  }

  /** Seals a message: what its places name, tokens, and every echo of the secrets of its exchange. */
  sealMessage(record: MessageRecord): SealedMessage {
    const { exchange, side, bytes, sent, sealed, truncated } = record
    const places = sortPlaces([...this.#everywhere, ...sealed], JSON.stringify(sealed))
    const readings = [bytes, ...(sent ? [sent] : [])].map((content) =>
      readBody(content, {}, side, places, this.#sealer),
    )
    const found = [this.#openSecrets.get(exchange) ?? none, ...readings.map((reading) => reading.secrets)]
    const secrets = this.#union(found.filter((list) => list.length > 0))
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

  /** Seals the record that the batch is being read at. */
  seal(record: BatchReader): SealedRecord {
    const extraText = record.extra
    const places = extraText ? this.#placesOf(extraText) : this.#noPlaces
    const { reading: requestHeaders, values: requestValues } = this.#headers('request', record, places)
    const response = record.responseHeaders && this.#headers('response', record, places)
    const responseHeaders = response?.reading
    const headerValues = valuesText(requestValues, response?.values ?? '')
    const context = this.#reading(record.context, places, readText)
    const detail = record.detail && this.#reading(record.detail, places, readDetail)
    const knowledge = record.knowledge && this.#reading(record.knowledge, places, readKnowledge)
    const extra = extraText && this.#reading(extraText, places, readExtra)
    const found: (readonly string[])[] = []
    if (requestHeaders.secrets.length > 0) found.push(requestHeaders.secrets)
    if (responseHeaders && responseHeaders.secrets.length > 0) found.push(responseHeaders.secrets)
    if (context.secrets.length > 0) found.push(context.secrets)
    if (detail && detail.secrets.length > 0) found.push(detail.secrets)
    if (knowledge && knowledge.secrets.length > 0) found.push(knowledge.secrets)
    if (extra && extra.secrets.length > 0) found.push(extra.secrets)
    let path = this.#plain(record.path, found)
    const query = record.query === '' ? '' : this.#parameters(record.query, places, found)
    const target = record.target === null ? null : this.#parameters(record.target, places, found)
    let own = this.#plain(record.own, found)
    if (places.path.size > 0) ({ path, own } = this.#pathParameters(path, own, places, found))
    const bodies = this.#readBodies(record, { requestHeaders, responseHeaders, places })
    for (const body of bodies) if (typeof body === 'object' && body.secrets.length > 0) found.push(body.secrets)

    const secrets = this.#union(found)
    if (record.open) this.#remember(record.id, secrets)
    const any = secrets.length > 0
    const cut = any && extraText !== undefined && extraText.text.includes('"truncated":true')
    return {
      context: this.#echoFree(context, secrets),
      requestHeaders: this.#echoFree(requestHeaders, secrets),
      responseHeaders: responseHeaders && this.#echoFree(responseHeaders, secrets),
      headerValues: any && headerValues !== null ? this.#sealer.sealEchoes(headerValues, secrets, true) : headerValues,
      detail: detail && this.#echoFree(detail, secrets),
      knowledge: knowledge && this.#echoFree(knowledge, secrets),
      extra: extra && this.#echoFree(extra, secrets),
      path: any ? this.#sealer.sealEchoes(path, secrets, false) : path,
      query: any && query !== '' ? this.#sealer.sealEchoes(query, secrets, false) : query,
      target: any && target !== null ? this.#sealer.sealEchoes(target, secrets, false) : target,
      own: any ? this.#sealer.sealEchoes(own, secrets, true) : own,
      bodies: bodies.map((body) => (typeof body === 'object' ? this.#sealBody(body, secrets, cut) : body)),
    }
  }

  /** The same list for the same lists, so that what is known of it is found again. */
  #union(lists: readonly (readonly string[])[]): readonly string[] {
    let all = lists[0] ?? none
    for (let at = 1; at < lists.length; at++) {
      const one = all
      const other = lists[at]!
      let unions = this.#unions.get(one)
      if (!unions) this.#unions.set(one, (unions = new WeakMap()))
      let both = unions.get(other)
      if (!both) unions.set(other, (both = union(one, other)))
      all = both
    }
    return all
  }

  #placesOf(extra: KnownText): SealedPlaces {
    return (extra.places ??= this.#sortedPlaces((JSON.parse(extra.text) as Extra).sealed))
  }

  #sortedPlaces(sealed: readonly Place[] | undefined): SealedPlaces {
    if (!sealed || sealed.length === 0) return this.#noPlaces
    const key = JSON.stringify(sealed)
    let places = this.#places.get(key)
    if (!places) this.#places.set(key, (places = sortPlaces([...this.#everywhere, ...sealed], key)))
    return places
  }

  #reading(
    known: KnownText,
    places: SealedPlaces,
    read: (text: string, places: SealedPlaces, sealer: Sealer) => Reading,
  ): Reading {
    return (
      known.readingOf(places, this.#epoch) ?? known.keep(places, this.#epoch, read(known.text, places, this.#sealer))
    )
  }

  /** A header list, and JSON of the values that it is without. */
  #headers(side: MessageSide, record: BatchReader, places: SealedPlaces): { reading: Reading; values: string } {
    const known = side === 'request' ? record.requestHeaders : record.responseHeaders!
    const reading =
      known.readingOf(places, this.#epoch) ??
      known.keep(places, this.#epoch, readHeaders(known.text, side, places, this.#sealer))
    const changes = side === 'request' ? record.requestChanges : record.responseChanges
    return changes.length === 0 ? { reading, values: '' } : known.changed(reading, changes, side, places, this.#sealer)
  }

  #plain(text: string, found: (readonly string[])[]): string {
    if (!text.includes('eyJ')) return text
    const reading = readText(text, this.#noPlaces, this.#sealer)
    if (reading.secrets.length > 0) found.push(reading.secrets)
    return reading.text
  }

  #parameters(text: string, places: SealedPlaces, found: (readonly string[])[]): string {
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

  #readBodies(record: BatchReader, heads: Heads): (BodyReading | 'same' | undefined)[] {
    const bodies: (BodyReading | 'same' | undefined)[] = []
    for (let index = 0; index < bodySlots.length; index++) {
      const body = record.body(index)
      if (typeof body !== 'object') {
        bodies.push(body)
        continue
      }
      const name = bodySlots[index]!
      const side: MessageSide = name === 'request' || name === 'forwarded' ? 'request' : 'response'
      const head = this.#headOf(name, record.extra?.text, heads)
      const { places } = heads
      bodies.push(
        body.readingOf(head, side, places, this.#epoch) ??
          body.keep(head, side, places, this.#epoch, readBody(body.bytes, head, side, places, this.#sealer)),
      )
    }
    return bodies
  }

  #headOf(name: BodySlot, extraText: string | undefined, heads: Heads): BodyHead {
    const plain: BodyHead = name === 'request' ? heads.requestHeaders : (heads.responseHeaders ?? {})
    const received = name === 'request' || name === 'response'
    if (received && !extraText?.includes('"decoded":true')) return plain
    const extra = extraText === undefined ? {} : (JSON.parse(extraText) as Extra)
    // An imported body may be decoded while its headers say otherwise.
    if (extra.bodies?.[name]?.decoded) return { contentType: plain.contentType }
    if (received) return plain
    const own =
      name === 'forwarded'
        ? extra.forwarded?.headers
        : extra.upstreamResponse &&
          wholeHeaders(
            extra.upstreamResponse.headers,
            JSON.parse(heads.responseHeaders?.text ?? '[]') as readonly string[],
          )
    if (!own) return (name === 'forwarded' ? heads.requestHeaders : heads.responseHeaders) ?? {}
    return readHeaders(JSON.stringify(own), name === 'forwarded' ? 'request' : 'response', heads.places, this.#sealer)
  }

  /** The same reading when it holds no secret; else a new one without them. */
  #echoFree(reading: Reading, secrets: readonly string[]): Reading {
    if (secrets.length === 0 || reading.cleanFor?.includes(secrets)) return reading
    const text = this.#sealer.sealEchoes(reading.text, secrets, true)
    if (text !== reading.text) return { ...reading, text, part: 0 }
    if (!reading.once) {
      reading.cleanFor ??= []
      if (reading.cleanFor.push(secrets) > mostClean) reading.cleanFor.shift()
    }
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

/** What is read of a record before its bodies. */
interface Heads {
  requestHeaders: Reading
  responseHeaders: Reading | undefined
  places: SealedPlaces
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function union(one: readonly string[], other: readonly string[]): readonly string[] {
  return [...new Set([...one, ...other])].filter((secret) => secret.length >= shortestNeedle)
}
