/** What both transports keep of their ends: what came before anybody listened, and why it is over. */
export class TransportEnds {
  readonly #early: string[] = []
  readonly #whenClosed = new Set<(reason: string) => void>()
  #listener: ((text: string) => void) | undefined
  #ended: string | undefined

  get isOver(): boolean {
    return this.#ended !== undefined
  }

  take(text: string): void {
    if (this.isOver) return
    if (this.#listener) this.#listener(text)
    else this.#early.push(text)
  }

  onMessage(listener: (text: string) => void): void {
    this.#listener = listener
    for (const text of this.#early.splice(0)) listener(text)
  }

  onClose(listener: (reason: string) => void): void {
    if (this.#ended !== undefined) listener(this.#ended)
    else this.#whenClosed.add(listener)
  }

  /** Tells why it is over, once; `first` runs before anybody hears of it. */
  end(reason: string, first?: () => void): void {
    if (this.isOver) return
    this.#ended = reason
    first?.()
    for (const listener of this.#whenClosed) listener(reason)
  }
}
