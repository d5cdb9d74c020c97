import type { HeaderValues } from './header-values.ts'
import { KnownBody } from './known-body.ts'
import { KnownText } from './known-text.ts'
import { type Batch, bodyMark, numbersPerRecord, slot, stringSlot, stringsPerRecord } from './layout.ts'

/**
 * Reads batches record by record, on the store's side. Keeps the texts and bodies that later batches only name by their
 * numbers; so it has to be given every batch, also one that cannot be written.
 */
export class BatchReader {
  #batch: Batch | undefined
  #texts: KnownText[] = []
  #bodies: KnownBody[] = []
  #base = 0
  #string = 0
  #change = 0
  requestChanges: HeaderValues = none
  responseChanges: HeaderValues = none

  /** Learns what a batch brings, and goes before its first record. */
  begin(batch: Batch): void {
    if (batch.anew) {
      this.#texts = []
      this.#bodies = []
    }
    for (const text of batch.texts) this.#texts.push(new KnownText(text))
    this.#batch = batch
    this.#base = -numbersPerRecord
    this.#string = -stringsPerRecord
    this.#change = 0
    this.#learnBodies(batch)
  }

  /** Goes to the next record; false after the last. */
  next(): boolean {
    this.#base += numbersPerRecord
    this.#string += stringsPerRecord
    const { numbers } = this.#batch!
    if (this.#base >= numbers.length) return false
    this.requestChanges = this.#takeChanges(numbers[this.#base + slot.requestChanges]!)
    this.responseChanges = this.#takeChanges(numbers[this.#base + slot.responseChanges]!)
    return true
  }

  #takeChanges(count: number): HeaderValues {
    if (count === 0) return none
    const changes = this.#batch!.changes.slice(this.#change, this.#change + count)
    this.#change += count
    return changes
  }

  number(at: number): number {
    return this.#batch!.numbers[this.#base + at]!
  }

  get open(): boolean {
    return this.number(slot.state) === 1
  }

  get id(): string {
    return this.#batch!.strings[this.#string + stringSlot.id]!
  }

  get path(): string {
    return this.#batch!.strings[this.#string + stringSlot.path]!
  }

  get query(): string {
    return this.#batch!.strings[this.#string + stringSlot.query]!
  }

  get target(): string | null {
    return this.#batch!.strings[this.#string + stringSlot.target]!
  }

  get own(): string {
    return this.#batch!.strings[this.#string + stringSlot.own]!
  }

  get client(): string {
    return this.#text(slot.client)!.text
  }

  get peerAddress(): string | null {
    return this.#text(slot.peerAddress)?.text ?? null
  }

  get context(): KnownText {
    return this.#text(slot.context)!
  }

  get requestHeaders(): KnownText {
    return this.#text(slot.requestHeaders)!
  }

  get responseHeaders(): KnownText | undefined {
    return this.#text(slot.responseHeaders)
  }

  get detail(): KnownText | undefined {
    return this.#text(slot.detail)
  }

  get knowledge(): KnownText | undefined {
    return this.#text(slot.knowledge)
  }

  get extra(): KnownText | undefined {
    return this.#text(slot.extra)
  }

  /** The body of that place among `bodySlots`. */
  body(index: number): KnownBody | 'same' | undefined {
    const at = slot.bodies + index * 3
    const length = this.number(at + 1)
    if (length === bodyMark.none) return undefined
    if (length === bodyMark.sameAsBefore) return 'same'
    const number = this.number(at + 2)
    if (number >= 0) return this.#bodies[number]
    const start = this.number(at)
    return new KnownBody(this.#batch!.bytes.subarray(start, start + length))
  }

  #text(at: number): KnownText | undefined {
    const number = this.number(at)
    return number < 0 ? undefined : this.#texts[number]
  }

  /** Bodies that come with a number are kept, in memory of their own. */
  #learnBodies({ numbers, bytes }: Batch): void {
    for (let base = slot.bodies; base < numbers.length; base += numbersPerRecord) {
      for (let at = base; at < base + 12; at += 3) {
        const length = numbers[at + 1]!
        if (length < 0 || numbers[at + 2]! < 0) continue
        const start = numbers[at]!
        this.#bodies[numbers[at + 2]!] = new KnownBody(Uint8Array.prototype.slice.call(bytes, start, start + length))
      }
    }
  }
}

const none: HeaderValues = []
