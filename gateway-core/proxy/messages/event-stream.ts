/** An event may go on longer or shorter than it came, and without its coding: these say nothing of an answer that is read event by event. */
export const fieldsOfWhole = ['content-encoding', 'content-length'] as const

/** A server-sent event (WHATWG HTML §9.2): its content, and the bytes it came in with the blank line that ends it. */
export interface ServerSentEvent {
  /** Data lines joined by line feeds; undefined for a block that holds only comments, ids or retry times. */
  data: string | undefined
  bytes: Uint8Array
}

/** A block of an event stream longer than the limit. */
export class EventTooLong extends Error {
  override name = 'EventTooLong'
}

/**
 * Splits a stream of bytes into events. What it gives, put together, is what came in, byte for byte. Lines end with CR,
 * LF or both; a block ends with an empty line.
 */
export class EventStreamReader {
  readonly #maxBytes: number
  #rest: Buffer = Buffer.alloc(0)
  /** Bytes of `#rest` that were already searched. */
  #seen = 0

  /** `maxBytes`: longest block; a longer one throws EventTooLong. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  push(chunk: Uint8Array): ServerSentEvent[] {
    this.#rest = this.#rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#rest, chunk])
    const events: ServerSentEvent[] = []
    for (;;) {
      const end = this.#endOfBlock()
      if (end === -1) break
      const bytes = this.#rest.subarray(0, end)
      events.push({ data: dataOf(bytes.toString('utf8')), bytes })
      this.#rest = this.#rest.subarray(end)
      this.#seen = 0
    }
    if (this.#rest.length > this.#maxBytes) throw new EventTooLong(`an event is longer than ${this.#maxBytes} bytes`)
    return events
  }

  /** What is left when the stream ends: a block that never ended, which receivers discard. */
  end(): Uint8Array {
    return this.#rest
  }

  /** Index after the empty line that ends the first block, or -1. A CR at the very end may still get its LF. */
  #endOfBlock(): number {
    const rest = this.#rest
    for (let at = Math.max(0, this.#seen - 3); at < rest.length; at++) {
      const first = lineEnd(rest, at)
      if (first === 0) continue
      if (first === -1) break
      const second = lineEnd(rest, at + first)
      if (second > 0) return at + first + second
      if (second === -1) {
        this.#seen = at
        return -1
      }
      at += first - 1
    }
    this.#seen = rest.length
    return -1
  }
}

/** Bytes of the line end at an index: 0 when there is none, -1 when that cannot be said before more bytes are here. */
function lineEnd(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return 0
  if (bytes[at] === 0x0a) return 1
  if (bytes[at] !== 0x0d) return 0
  if (at + 1 >= bytes.length) return -1
  return bytes[at + 1] === 0x0a ? 2 : 1
}

function dataOf(block: string): string | undefined {
  const lines: string[] = []
  for (const line of linesOf(block)) {
    const field = fieldOf(line)
    if (field?.name === 'data') lines.push(field.value)
  }
  return lines.length > 0 ? lines.join('\n') : undefined
}

/** An event of our own. `name`: its `event` line. */
export function eventOf(data: string, name?: string): Uint8Array {
  return Buffer.from(`${[...(name === undefined ? [] : [`event: ${name}`]), ...dataLines(data)].join('\n')}\n\n`)
}

/** The event with other data: its other lines stay as they are. */
export function withData(event: ServerSentEvent, data: string): Uint8Array {
  const kept = linesOf(Buffer.from(event.bytes).toString('utf8')).filter(
    (line) => line !== '' && fieldOf(line)?.name !== 'data',
  )
  return Buffer.from(`${[...kept, ...dataLines(data)].join('\n')}\n\n`)
}

function dataLines(data: string): string[] {
  return data.split(/\r\n|\r|\n/).map((line) => `data: ${line}`)
}

function linesOf(block: string): string[] {
  return block.replace(/^\u{feff}/u, '').split(/\r\n|\r|\n/)
}

function fieldOf(line: string): { name: string; value: string } | undefined {
  if (line === '' || line.startsWith(':')) return undefined
  const colon = line.indexOf(':')
  if (colon === -1) return { name: line, value: '' }
  const value = line.slice(colon + 1)
  return { name: line.slice(0, colon), value: value.startsWith(' ') ? value.slice(1) : value }
}
