import type { Claims } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'
import { BodyMemory } from './body-memory.ts'
import { ContextMemory } from './context-memory.ts'
import { HeaderMemory } from './header-memory.ts'
import { type Batch, bodyMark, knowledgeOf, numbersPerRecord, ownOf, slot } from './layout.ts'
import type { ExchangeRecord, RecordedBody } from './record.ts'
import { TextMemory } from './text-memory.ts'

/** Characters of texts, and bytes of bodies, that are remembered before all are forgotten: what repeats is short. */
const memoryLimit = 400_000
const roomAtFirst = 64

/** Lays records out one after the other. Runs on the hot path: what came before is found by comparing, and named by a number. */
export class BatchEncoder {
  readonly #goesOn: boolean
  readonly #texts = new TextMemory()
  readonly #contexts = new ContextMemory(this.#texts)
  readonly #headers = new HeaderMemory(this.#texts)
  readonly #knownBodies = new BodyMemory()
  #knowledge = new WeakMap<Claims, { facts: readonly RecordedFact[]; number: number }>()
  #numbers = new Float64Array(roomAtFirst * numbersPerRecord)
  #strings: (string | null)[] = []
  #changes: (number | string)[] = []
  readonly #loose: number[] = []
  #bodies: Uint8Array[] = []
  #bytes = 0
  #records = 0
  #anew = true

  /** `goesOn`: all batches go to the same store in their order, so that a later one may name what an earlier one brought. */
  constructor(options: { goesOn: boolean } = { goesOn: false }) {
    this.#goesOn = options.goesOn
  }

  get records(): number {
    return this.#records
  }

  /** Rough size in memory, in bytes. */
  get size(): number {
    return this.#bytes + this.#records * 3000
  }

  add(record: ExchangeRecord, keepBodies: boolean): void {
    const { request, response, peer, clientAddress } = record
    const base = this.#records * numbersPerRecord
    if (base === this.#numbers.length) this.#grow()
    const numbers = this.#numbers
    const changes = this.#changes
    const loose = this.#loose
    loose.length = 0
    const context = this.#contexts.find(record)
    numbers[base + slot.startedAt] = record.startedAt
    numbers[base + slot.duration] = record.durationMicros
    numbers[base + slot.state] = record.state === 'open' ? 1 : 0
    numbers[base + slot.context] = context.number
    numbers[base + slot.client] = this.#texts.of(clientAddress)
    numbers[base + slot.peerPort] = peer.port
    numbers[base + slot.peerAddress] = peer.address === clientAddress ? -1 : this.#texts.of(peer.address)
    const before = changes.length
    numbers[base + slot.requestHeaders] = this.#headers.find(request.headers, changes)
    const between = changes.length
    numbers[base + slot.responseHeaders] = response ? this.#headers.find(response.headers, changes) : -1
    numbers[base + slot.requestChanges] = between - before
    numbers[base + slot.responseChanges] = changes.length - between
    numbers[base + slot.detail] = this.#contexts.detail(context, record, loose)
    numbers[base + slot.knowledge] = this.#knowledgeNumber(record)
    numbers[base + slot.extra] = this.#contexts.extra(context, record)
    numbers[base + slot.requestSize] = request.body?.length ?? 0
    numbers[base + slot.responseSize] = response?.body?.length ?? 0
    this.#addBody(base + slot.bodies, request.body, undefined, keepBodies)
    this.#addBody(base + slot.bodies + 3, response?.body, undefined, keepBodies)
    this.#addBody(base + slot.bodies + 6, record.forwarded?.body, request.body, keepBodies)
    this.#addBody(base + slot.bodies + 9, record.upstreamResponse?.body, response?.body, keepBodies)
    this.#strings.push(record.id, request.path, request.query, ownTarget(record), ownOf(record, loose))
    this.#records++
  }

  /** Everything added since the last call. `numbers` and `bytes` own their memory and may be transferred. */
  take(): Batch {
    const bytes = new Uint8Array(this.#bytes)
    let at = 0
    for (const body of this.#bodies) {
      bytes.set(body, at)
      at += body.byteLength
    }
    const batch = {
      records: this.#records,
      anew: this.#anew,
      texts: this.#texts.take(),
      numbers: this.#numbers.slice(0, this.#records * numbersPerRecord),
      strings: this.#strings,
      changes: this.#changes,
      bytes,
    }
    this.#strings = []
    this.#changes = []
    this.#bodies = []
    this.#bytes = 0
    this.#records = 0
    this.#anew = false
    if (!this.#goesOn || this.#texts.size > memoryLimit || this.#knownBodies.size > memoryLimit) this.#forget()
    return batch
  }

  #forget(): void {
    this.#anew = true
    this.#texts.clear()
    this.#contexts.clear()
    this.#headers.clear()
    this.#knownBodies.clear()
    this.#knowledge = new WeakMap()
  }

  #grow(): void {
    const larger = new Float64Array(this.#numbers.length * 2)
    larger.set(this.#numbers)
    this.#numbers = larger
  }

  /** The same token brings the same objects again and again: the number of its text is kept with its claims. */
  #knowledgeNumber(record: ExchangeRecord): number {
    const { claims, facts } = record
    const known = claims && this.#knowledge.get(claims)
    if (known && sameFacts(known.facts, facts)) return known.number
    const text = knowledgeOf(record)
    if (text === null) return -1
    const number = this.#texts.of(text)
    if (claims) this.#knowledge.set(claims, { facts, number })
    return number
  }

  #addBody(at: number, body: RecordedBody | undefined, before: RecordedBody | undefined, keep: boolean): void {
    const numbers = this.#numbers
    numbers[at] = 0
    numbers[at + 2] = -1
    if (!body || !keep) numbers[at + 1] = bodyMark.none
    else if (before && (before === body || before.bytes === body.bytes)) numbers[at + 1] = bodyMark.sameAsBefore
    else {
      const { bytes } = body
      const found = this.#knownBodies.find(bytes)
      numbers[at + 2] = found.number
      if (found.known) numbers[at + 1] = bodyMark.known
      else {
        numbers[at] = this.#bytes
        numbers[at + 1] = bytes.byteLength
        this.#bodies.push(bytes)
        this.#bytes += bytes.byteLength
      }
    }
  }
}

/** The target, or null where it is path and query. */
function ownTarget({ request }: ExchangeRecord): string | null {
  const { path, query, target } = request
  if (query === '') return target === path ? null : target
  const plain = target.length === path.length + query.length + 1 && target.startsWith(path) && target.endsWith(query)
  return plain && target[path.length] === '?' ? null : target
}

function sameFacts(one: readonly RecordedFact[], other: readonly RecordedFact[]): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) {
    if (one[at]!.answer !== other[at]!.answer || one[at]!.key !== other[at]!.key) return false
  }
  return true
}
