import type { MessageSide } from '../exchange.ts'
import { type Reading, readHeaders, sealHeaders } from './readings.ts'
import type { SealedPlaces } from './sealed-places.ts'
import type { Sealer } from './sealer.ts'

/** A text as the store got it, and how it was read last. */
export class KnownText {
  readonly text: string
  /** Of a text with rare parts: the places that it names. */
  places: SealedPlaces | undefined
  #reading: Reading | undefined
  #readUnder: SealedPlaces | undefined
  #epoch = -1
  #list: readonly string[] | undefined
  /** The reading's text around the values at `positions`. */
  #around: { reading: Reading; positions: string; pieces: string[] } | undefined

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

  /** Reading of this header list with other values at some positions; `reading` is that of the list itself. */
  changed(
    reading: Reading,
    changes: readonly (number | string)[],
    side: MessageSide,
    places: SealedPlaces,
    sealer: Sealer,
  ): Reading {
    const names = this.#names(changes)
    if (names.includes('content-type') || names.includes('content-encoding')) {
      return this.#readAnew(changes, side, places, sealer)
    }
    const pieces = this.#piecesAround(reading, changes)
    const secrets: string[] = []
    let text = pieces[0]!
    for (let at = 0; at < changes.length; at += 2) {
      const value = changes[at + 1] as string
      const [, sealed] = sealHeaders([names[at / 2]!, value], side, places, sealer, secrets)
      text += sealer.sealTokens(JSON.stringify(sealed), secrets) + pieces[at / 2 + 1]!
    }
    if (secrets.length > 0) return this.#readAnew(changes, side, places, sealer)
    return { ...reading, text, cleanFor: undefined, part: 0, once: true }
  }

  #readAnew(changes: readonly (number | string)[], side: MessageSide, places: SealedPlaces, sealer: Sealer): Reading {
    const list = JSON.parse(this.text) as string[]
    for (let at = 0; at < changes.length; at += 2) list[changes[at] as number] = changes[at + 1] as string
    return { ...readHeaders(JSON.stringify(list), side, places, sealer), once: true }
  }

  #names(changes: readonly (number | string)[]): string[] {
    const list = (this.#list ??= JSON.parse(this.text) as string[])
    const names: string[] = []
    for (let at = 0; at < changes.length; at += 2) names.push(list[(changes[at] as number) - 1]!.toLowerCase())
    return names
  }

  #piecesAround(reading: Reading, changes: readonly (number | string)[]): string[] {
    let positions = ''
    for (let at = 0; at < changes.length; at += 2) positions += `${changes[at]} `
    if (this.#around?.reading === reading && this.#around.positions === positions) return this.#around.pieces
    const values = (JSON.parse(reading.text) as string[]).map((value) => JSON.stringify(value))
    const pieces: string[] = []
    let from = 0
    for (let at = 0; at < changes.length; at += 2) {
      const position = changes[at] as number
      pieces.push(`${from === 0 ? '[' : ','}${values.slice(from, position).join(',')},`)
      from = position + 1
    }
    pieces.push(from < values.length ? `,${values.slice(from).join(',')}]` : ']')
    this.#around = { reading, positions, pieces }
    return pieces
  }
}
