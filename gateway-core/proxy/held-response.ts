import type { BufferBudget } from './engine.ts'

/** A response body that is held until the policies that read it have judged it. */
export class HeldResponse {
  readonly #budget: BufferBudget
  readonly #chunks: Buffer[] = []
  #bytes = 0

  constructor(budget: BufferBudget) {
    this.#budget = budget
  }

  /** Takes a chunk; says when it is longer than `limit` bytes, or all held bodies together longer than `budgetBytes`. */
  add(chunk: Buffer, limit: number, budgetBytes: number): 'UPSTREAM_BODY_TOO_LARGE' | 'OVERLOADED' | undefined {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    this.#budget.held += chunk.length
    if (this.#budget.held > budgetBytes) return 'OVERLOADED'
    return this.#bytes > limit ? 'UPSTREAM_BODY_TOO_LARGE' : undefined
  }

  get bytes(): Buffer {
    return this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
  }

  /** Gives its bytes back to the budget. */
  release(): void {
    this.#budget.held -= this.#bytes
    this.#bytes = 0
  }
}
