import type { Rows } from './captured-rows.ts'

/** Columns of an exchange that name shared parts. */
export type PartColumn =
  | 'requestHeaders'
  | 'responseHeaders'
  | 'detail'
  | 'knowledge'
  | 'extra'
  | 'requestBody'
  | 'responseBody'
  | 'otherBodies'

/** An exchange as a place in its run of rows. */
export interface RowPlace {
  rows: Rows
  at: number
}

/** So many parts of a column are read one by one before the others are read together. */
const patience = 2
/** Bytes of bodies that are read together, about. */
const bodyBytes = 4 * 1024 * 1024

const none: readonly number[] = []

/**
 * Exchanges that are judged next. What the first of them lack of a column is soon asked of the others too, so it is read
 * for all in one go; what none of them is asked for is not read.
 */
export class ReadAhead {
  #block: readonly RowPlace[] = []
  readonly #lacked = new Map<PartColumn, number>()

  begin(block: readonly RowPlace[]): void {
    this.#block = block
    this.#lacked.clear()
  }

  /** Told of a part that is not there; gives those to read with it. */
  lacks(column: PartColumn): readonly number[] {
    const times = (this.#lacked.get(column) ?? 0) + 1
    this.#lacked.set(column, times)
    return times === patience + 1 ? this.#idsOf(column) : none
  }

  #idsOf(column: PartColumn): number[] {
    const ids = new Set<number>()
    let bytes = 0
    for (const { rows, at } of this.#block) {
      const some = column === 'otherBodies' ? otherBodies(rows, at) : [rows[column][at]]
      for (const id of some) if (typeof id === 'number') ids.add(id)
      if (column === 'requestBody') bytes += rows.requestSize[at]!
      else if (column === 'responseBody' || column === 'otherBodies') bytes += rows.responseSize[at]!
      if (bytes > bodyBytes) break
    }
    return [...ids]
  }
}

/** Bodies of the forwarded request and of the upstream's answer. */
export function otherBodies({ otherBodies: lists }: Rows, at: number): readonly (number | 'same' | null)[] {
  const list = lists[at]
  return list ? (JSON.parse(list) as (number | 'same' | null)[]) : []
}
