/** Remembers roughly which hashes came before, in fixed room; a newer one takes the place of an older one. */
export class SeenBefore {
  readonly #hashes = new Int32Array(ways * sets)
  #turn = 0

  /** Whether this hash (32 bits) came before, as far as is known; from now on it did. */
  test(hash: number): boolean {
    const first = (hash & (sets - 1)) * ways
    for (let at = first; at < first + ways; at++) if (this.#hashes[at] === hash) return true
    this.#turn = (this.#turn + 1) % ways
    this.#hashes[first + this.#turn] = hash
    return false
  }
}

const ways = 4
const sets = 1024
