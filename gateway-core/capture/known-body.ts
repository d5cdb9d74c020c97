import type { MessageSide } from '../exchange.ts'
import type { BodyHead, BodyReading } from './readings.ts'
import type { SealedPlaces } from './sealed-places.ts'

interface Kept {
  contentType: string | undefined
  coding: string | undefined
  side: MessageSide
  places: SealedPlaces
  epoch: number
  reading: BodyReading
}

/** A body as the store got it, and how it was read last. */
export class KnownBody {
  readonly bytes: Uint8Array
  #kept: Kept | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  readingOf(head: BodyHead, side: MessageSide, places: SealedPlaces, epoch: number): BodyReading | undefined {
    const kept = this.#kept
    const same =
      kept &&
      kept.epoch === epoch &&
      kept.places === places &&
      kept.side === side &&
      kept.contentType === head.contentType &&
      kept.coding === head.coding
    return same ? kept.reading : undefined
  }

  keep(head: BodyHead, side: MessageSide, places: SealedPlaces, epoch: number, reading: BodyReading): BodyReading {
    this.#kept = { contentType: head.contentType, coding: head.coding, side, places, epoch, reading }
    return reading
  }
}
