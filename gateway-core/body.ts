import type { Body, JsonReading } from './exchange.ts'

const decoder = new TextDecoder()

/** A body held in memory. Text and JSON are read at first use and kept. */
export class HeldBody implements Body {
  readonly bytes: Uint8Array
  #text: string | undefined
  #json: JsonReading | undefined

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  get text(): string {
    this.#text ??= decoder.decode(this.bytes)
    return this.#text
  }

  get json(): JsonReading {
    this.#json ??= readJson(this.text)
    return this.#json
  }
}

function readJson(text: string): JsonReading {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const offset = /at position (\d+)/.exec(message)?.[1]
    return { ok: false, message, offset: offset === undefined ? text.length : Number(offset) }
  }
}
