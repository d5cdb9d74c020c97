import type { MessageSide } from '../exchange.ts'
import { type HeaderValues, withValues } from './header-values.ts'
import { type Reading, readHeaders, sealHeaders } from './readings.ts'
import type { SealedPlaces } from './sealed-places.ts'
import type { Sealer } from './sealer.ts'

const mostRests = 16

/** A text as the store got it, and how it was read last. */
export class KnownText {
  readonly text: string
  /** Of a text with rare parts: the places that it names. */
  places: SealedPlaces | undefined
  #reading: Reading | undefined
  #readUnder: SealedPlaces | undefined
  #epoch = -1
  #list: readonly string[] | undefined
  /** Readings of the list without the values at some places, by these. */
  #rests: { of: Reading; by: Map<string, Reading> } | undefined
  constructor(text: string) {
    this.text = text
  }

  readingOf(places: SealedPlaces, epoch: number): Reading | undefined {
    return this.#readUnder === places && this.#epoch === epoch ? this.#reading : undefined
  }

  keep(places: SealedPlaces, epoch: number, reading: Reading): Reading {
    this.#readUnder = places
    this.#epoch = epoch
    this.#reading = reading
    return reading
  }

  /**
   * This header list, whose reading is `reading`, with other values at some places: a reading of what stays of the list, and
   * JSON of those values, which hold no secret; or a reading of the whole list.
   */
  changed(
    reading: Reading,
    changes: HeaderValues,
    side: MessageSide,
    places: SealedPlaces,
    sealer: Sealer,
  ): { reading: Reading; values: string } {
    const list = (this.#list ??= JSON.parse(this.text) as string[])
    let values = ''
    let where = ''
    for (let at = 0; at < changes.length; at += 2) {
      const place = changes[at] as number
      const value = changes[at + 1] as string
      const name = list[place - 1]!
      const lower = name.toLowerCase()
      if (lower === 'content-type' || lower === 'content-encoding') return this.#readAnew(changes, side, places, sealer)
      const secrets: string[] = []
      const [, sealed] = sealHeaders([name, value], side, places, sealer, secrets)
      const text = sealer.sealTokens(JSON.stringify(sealed), secrets)
      if (secrets.length > 0) return this.#readAnew(changes, side, places, sealer)
      values += `${at === 0 ? '[' : ','}${place},${text}`
      where += `${place} `
    }
    return { reading: this.#without(where, changes, reading), values: `${values}]` }
  }

  /** What stays of the list when those values are gone: nobody else's value is kept under the name of this exchange. */
  #without(where: string, changes: HeaderValues, reading: Reading): Reading {
    if (this.#rests?.of !== reading || this.#rests.by.size > mostRests) this.#rests = { of: reading, by: new Map() }
    const { by } = this.#rests
    let rest = by.get(where)
    if (!rest) {
      const list = JSON.parse(reading.text) as string[]
      for (let at = 0; at < changes.length; at += 2) list[changes[at] as number] = ''
      rest = { ...reading, text: JSON.stringify(list), cleanFor: undefined, part: 0 }
      by.set(where, rest)
    }
    return rest
  }

  #readAnew(changes: HeaderValues, side: MessageSide, places: SealedPlaces, sealer: Sealer) {
    const list = withValues(JSON.parse(this.text) as string[], changes)
    const reading = readHeaders(JSON.stringify(list), side, places, sealer)
    return { reading: { ...reading, once: true as const }, values: '' }
  }
}
