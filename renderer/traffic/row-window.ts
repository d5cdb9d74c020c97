import type { TrafficRow } from '../../gateway-core/protocol/types.ts'

/** Rows that are asked for around those that are seen, on each side. */
const usualMargin = 60

/**
 * The part of a long list that the screen holds. The core counts from the newest, so new rows push all others down: as
 * long as somebody reads further down, `shift` of them are held back and the rows stay where they are.
 */
export class RowWindow {
  /** How many rows the core has. */
  total = 0
  /** How many new ones are held back. */
  shift = 0
  /** Index of the first row that is here. */
  start = 0
  rows: readonly TrafficRow[] = []

  /** How many rows the table has. */
  get length(): number {
    return Math.max(0, this.total - this.shift)
  }

  row(index: number): TrafficRow | undefined {
    return this.rows[index - this.start]
  }

  /** Where a row is now, or -1 when it is not among those held. */
  indexOf(id: string): number {
    const at = this.rows.findIndex((row) => row.id === id)
    return at === -1 ? -1 : at + this.start
  }

  /** The list grew or shrank. `holdBack`: somebody reads, so rows that came on top are held back. */
  resize(total: number, holdBack: boolean): void {
    if (!holdBack) this.shift = 0
    else if (total > this.total) this.shift += total - this.total
    this.total = total
    if (this.shift > total) this.shift = total
  }

  /** What has to be asked of the core so that these rows (both included) can be shown; undefined when they are here. */
  missing(first: number, last: number): { from: number; count: number } | undefined {
    if (this.length === 0) return undefined
    const end = Math.min(last, this.length - 1)
    if (first >= this.start && end < this.start + this.rows.length) return undefined
    return this.around(first, end)
  }

  /** The rows around these, for asking anew; `margin` more on each side. */
  around(first: number, last: number, margin = usualMargin): { from: number; count: number } {
    const from = Math.max(0, first - margin)
    const to = Math.min(this.length - 1, last + margin)
    return { from: from + this.shift, count: Math.max(1, Math.min(1000, to - from + 1)) }
  }

  /**
   * Rows came that were asked for at this place of the core. Where they overlap with what is here, the overlap says by how
   * much the list moved meanwhile (deleted rows make room for new ones without changing the total).
   */
  take(from: number, rows: readonly TrafficRow[], holdBack: boolean): void {
    if (holdBack) {
      const moved = this.#moved(from - this.shift, rows)
      if (moved !== 0) this.shift = Math.max(0, Math.min(this.total, this.shift + moved))
    }
    this.start = from - this.shift
    this.rows = rows
    if (this.start < 0) {
      this.rows = rows.slice(-this.start)
      this.start = 0
    }
  }

  clear(): void {
    this.total = 0
    this.shift = 0
    this.start = 0
    this.rows = []
  }

  #moved(at: number, rows: readonly TrafficRow[]): number {
    const places = new Map(rows.map((row, index) => [row.id, at + index]))
    for (const [index, row] of this.rows.entries()) {
      const now = places.get(row.id)
      if (now !== undefined) return now - (this.start + index)
    }
    return 0
  }
}
