/** Things that wait for their place in the global order: the one with the least place comes first. */
export class PlaceQueue<T> {
  readonly #places: number[] = []
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** All of them, in no certain order. */
  get items(): readonly T[] {
    return this.#items
  }

  /** Place of the first one, or Infinity. */
  get next(): number {
    return this.#places[0] ?? Infinity
  }

  add(place: number, item: T): void {
    let at = this.#items.length
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (this.#places[parent]! <= place) break
      this.#move(parent, at)
      at = parent
    }
    this.#places[at] = place
    this.#items[at] = item
  }

  take(): T {
    const first = this.#items[0]!
    const place = this.#places.pop()!
    const item = this.#items.pop()!
    const size = this.#items.length
    if (size === 0) return first
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && this.#places[child + 1]! < this.#places[child]!) child++
      if (this.#places[child]! >= place) break
      this.#move(child, at)
      at = child
    }
    this.#places[at] = place
    this.#items[at] = item
    return first
  }

  #move(from: number, to: number): void {
    this.#places[to] = this.#places[from]!
    this.#items[to] = this.#items[from]!
  }
}
