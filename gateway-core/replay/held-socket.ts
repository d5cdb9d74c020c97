import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** A connection whose writes can be held back, and then leave together in one. */
export class HeldSocket extends Duplex {
  readonly #socket: Socket
  #held: Buffer[] | undefined

  constructor(socket: Socket) {
    super()
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  hold(): void {
    this.#held = []
  }

  /** Everything that was held leaves in one write. */
  release(): void {
    const held = this.#held
    this.#held = undefined
    if (!held || held.length === 0) return
    this.#socket.write(Buffer.concat(held))
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: unknown, done: (error?: Error | null) => void): void {
    if (this.#held) {
      this.#held.push(chunk)
      done()
    } else this.#socket.write(chunk, done)
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'buffer', done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
