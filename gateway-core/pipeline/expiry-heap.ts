/** Something that may be forgotten at `expiresAt` (ms since epoch). `order` breaks ties; `slot` and `sortedAt` belong to the heap. */
export interface Expiring {
  expiresAt: number
  readonly order: number
  slot: number
  sortedAt: number
}

/**
 * Binary heap by expiry. An entry whose expiry moved later stays where it is until it comes to the top, so that a
 * limiter which prolongs its entry at each request pays nothing for it; one whose expiry moved earlier is told by `sooner`.
 */
export class ExpiryHeap<T extends Expiring> {
  readonly #heap: T[] = []

  get size(): number {
    return this.#heap.length
  }

  /** The entry that expires first (ties: lowest `order`), or undefined. */
  first(): T | undefined {
    for (;;) {
      const top = this.#heap[0]
      if (top === undefined || top.sortedAt === top.expiresAt) return top
      top.sortedAt = top.expiresAt
      this.#down(0)
    }
  }

  add(entry: T): void {
    entry.sortedAt = entry.expiresAt
    entry.slot = this.#heap.length
    this.#heap.push(entry)
    this.#up(entry.slot)
  }

  /** Re-sorts an entry whose expiry moved earlier. */
  sooner(entry: T): void {
    entry.sortedAt = entry.expiresAt
    this.#up(entry.slot)
  }

  remove(entry: T): void {
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#put(last, entry.slot)
    this.#up(last.slot)
    this.#down(last.slot)
  }

  #up(from: number): void {
    const entry = this.#heap[from]!
    let slot = from
    while (slot > 0) {
      const above = (slot - 1) >> 1
      const other = this.#heap[above]!
      if (!before(entry, other)) break
      this.#put(other, slot)
      slot = above
    }
    this.#put(entry, slot)
  }

  #down(from: number): void {
    const entry = this.#heap[from]!
    let slot = from
    for (;;) {
      let below = 2 * slot + 1
      if (below >= this.#heap.length) break
      const right = this.#heap[below + 1]
      if (right !== undefined && before(right, this.#heap[below]!)) below += 1
      const other = this.#heap[below]!
      if (!before(other, entry)) break
      this.#put(other, slot)
      slot = below
    }
    this.#put(entry, slot)
  }

  #put(entry: T, slot: number): void {
    this.#heap[slot] = entry
    entry.slot = slot
  }
}

function before(a: Expiring, b: Expiring): boolean {
  return a.sortedAt === b.sortedAt ? a.order < b.order : a.sortedAt < b.sortedAt
}
