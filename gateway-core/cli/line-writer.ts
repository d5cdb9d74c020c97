/** What a `LineWriter` writes to. */
export interface LineSink {
  write(text: string): boolean
  once(event: 'drain', listener: () => void): unknown
}

export interface LineWriterOptions<T> {
  sink: LineSink
  /** Lines of one item; runs when the batch is written, never where the item comes from. */
  format: (item: T) => readonly string[]
  /** One line in place of those that were left out. */
  leftOut: (count: number) => string
  /** Milliseconds that lines are gathered. */
  everyMs?: number
  /** Most items of one batch that are shown; the others are counted. */
  most?: number
}

/**
 * Writes lines in batches, so that telling costs next to nothing where requests are served: an item is put on a short
 * list, and what does not fit on it, or comes while nobody reads the other end, is only counted.
 */
export class LineWriter<T> {
  readonly #sink: LineSink
  readonly #format: (item: T) => readonly string[]
  readonly #leftOut: (count: number) => string
  readonly #everyMs: number
  readonly #most: number
  #waiting: T[] = []
  #dropped = 0
  #blocked = false
  #timer: NodeJS.Timeout | undefined

  constructor({ sink, format, leftOut, everyMs = 50, most = 40 }: LineWriterOptions<T>) {
    this.#sink = sink
    this.#format = format
    this.#leftOut = leftOut
    this.#everyMs = everyMs
    this.#most = most
  }

  add(item: T): void {
    if (!this.#blocked && this.#waiting.length < this.#most) this.#waiting.push(item)
    else this.#dropped += 1
    this.#timer ??= setTimeout(() => this.flush(), this.#everyMs)
  }

  /** Writes what waits now. */
  flush(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#blocked) return
    const lines = this.#waiting.flatMap((item) => this.#format(item))
    this.#waiting = []
    if (this.#dropped > 0) lines.push(this.#leftOut(this.#dropped))
    this.#dropped = 0
    if (lines.length === 0) return
    if (this.#sink.write(`${lines.join('\n')}\n`)) return
    this.#blocked = true
    this.#sink.once('drain', () => {
      this.#blocked = false
      this.flush()
    })
  }
}
