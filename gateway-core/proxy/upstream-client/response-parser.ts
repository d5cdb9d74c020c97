import { BadResponse, headLimit, readHead, readTrailers, type ResponseHead } from './response-head.ts'

/** Who is told of a response as it comes. Returning false pauses until `resume`; nothing is told meanwhile. */
export interface ResponseEvents {
  /** A response of status 1xx (RFC 9110 §15.2), which another one follows. */
  onInterim(status: number): void
  onHead(head: ResponseHead): boolean
  onBody(bytes: Buffer): boolean
  onMessageEnd(trailers: string[]): void
}

const blankLine = Buffer.from('\r\n\r\n')
const lineEnd = Buffer.from('\r\n')
const nothing = Buffer.alloc(0)
/** Bytes of the line that begins a chunk, with its extensions. */
const chunkLineLimit = 4096
const mostInterim = 32

/**
 * Reads responses of one connection, in any pieces (RFC 9112). Strict: what servers and proxies read differently is an
 * error. Holds at most the head, a chunk's first line and what came while it was paused.
 */
export class ResponseParser {
  readonly #events: ResponseEvents
  #expects: 'nothing' | 'head' | 'length' | 'close' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers' = 'nothing'
  #method = ''
  #interim = 0
  #rest: Buffer = nothing
  /** `#rest` lies in a buffer that is read into again. */
  #shared = false
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0
  #paused = false
  #running = false
  #ended = false

  constructor(events: ResponseEvents) {
    this.#events = events
  }

  /** The answer to a request of this method comes next. */
  begin(method: string): void {
    this.#method = method
    this.#interim = 0
    this.#expects = 'head'
  }

  /** Nothing is expected any more, and nothing is told. */
  stop(): void {
    this.#expects = 'nothing'
    this.#rest = nothing
    this.#paused = false
  }

  /** Bytes that no response was expected to bring, or that are not read yet. */
  get hasRest(): boolean {
    return this.#rest.length > 0
  }

  /** Throws `BadResponse`, and what those who are told throw. What is kept or told of `shared` bytes is a copy. */
  read(bytes: Buffer, shared = false): void {
    this.#shared = shared && this.#rest.length === 0
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    this.#run()
    if (this.#shared && this.#rest.length > 0) this.#rest = copyOf(this.#rest)
    this.#shared = false
  }

  resume(): void {
    this.#paused = false
    this.#run()
  }

  /** The server ended the connection. Throws where that is in the middle of a response; while it is paused, later. */
  end(): void {
    this.#ended = true
    this.#run()
  }

  #run(): void {
    if (this.#running) return
    this.#running = true
    try {
      while (!this.#paused && this.#step());
      if (this.#ended && !this.#paused) this.#stopAtEnd()
    } finally {
      this.#running = false
    }
  }

  #stopAtEnd(): void {
    if (this.#expects === 'close') this.#finish([])
    else if (this.#expects !== 'nothing') throw new BadResponse('the connection ended in the middle of the answer')
  }

  /** False when there is nothing to do before more bytes come. */
  #step(): boolean {
    switch (this.#expects) {
      case 'head':
        return this.#readHead()
      case 'length':
        return this.#left === 0 ? this.#finish([]) : this.#readBody()
      case 'chunk':
        if (this.#left > 0) return this.#readBody()
        this.#expects = 'chunk-end'
        return true
      case 'close':
        this.#left = Infinity
        return this.#readBody()
      case 'chunk-line':
        return this.#readChunkLine()
      case 'chunk-end':
        return this.#readChunkEnd()
      case 'trailers':
        return this.#readTrailers()
      default:
        return false
    }
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(blankLine)
    if (end < 0 ? this.#rest.length > headLimit : end > headLimit) {
      throw new BadResponse(`the head of the answer is longer than ${headLimit} bytes`)
    }
    if (end < 0) return false
    const head = readHead(this.#rest.toString('latin1', 0, end), this.#method)
    this.#skip(end + 4)
    if (head.status < 200) {
      // Nobody asked for another protocol.
      if (head.status === 101) throw new BadResponse('101 Switching Protocols, which was not asked for')
      if (++this.#interim > mostInterim) throw new BadResponse('no end of interim answers')
      this.#events.onInterim(head.status)
      return true
    }
    const { body } = head
    this.#left = typeof body === 'number' ? body : 0
    this.#expects = body === 'chunked' ? 'chunk-line' : body === 'until-close' ? 'close' : 'length'
    // Paused beforehand: whoever is told may ask to go on before the answer is given.
    this.#paused = true
    if (this.#events.onHead(head)) this.#paused = false
    return true
  }

  #readBody(): boolean {
    const rest = this.#rest
    if (rest.length === 0) return false
    const bytes = rest.length <= this.#left ? rest : rest.subarray(0, this.#left)
    this.#skip(bytes.length)
    this.#left -= bytes.length
    this.#paused = true
    if (this.#events.onBody(this.#shared ? copyOf(bytes) : bytes)) this.#paused = false
    return true
  }

  #readChunkLine(): boolean {
    const end = this.#rest.indexOf(lineEnd)
    if (end < 0 ? this.#rest.length > chunkLineLimit : end > chunkLineLimit) {
      throw new BadResponse('a chunk whose first line does not end')
    }
    if (end < 0) return false
    const size = /^([0-9a-f]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(
      this.#rest.toString('latin1', 0, end),
    )?.[1]
    if (size === undefined) throw new BadResponse('a chunk without a length')
    this.#skip(end + 2)
    this.#left = Number.parseInt(size, 16)
    this.#expects = this.#left === 0 ? 'trailers' : 'chunk'
    return true
  }

  #readChunkEnd(): boolean {
    const rest = this.#rest
    if (rest.length < 2) return false
    if (rest[0] !== 0x0d || rest[1] !== 0x0a) throw new BadResponse('a chunk that is longer than it says')
    this.#skip(2)
    this.#expects = 'chunk-line'
    return true
  }

  #readTrailers(): boolean {
    const rest = this.#rest
    if (rest.length >= 2 && rest[0] === 0x0d && rest[1] === 0x0a) {
      this.#skip(2)
      return this.#finish([])
    }
    const end = rest.indexOf(blankLine)
    if (end < 0 ? rest.length > headLimit : end > headLimit) throw new BadResponse('trailers that do not end')
    if (end < 0) return false
    const trailers = readTrailers(rest.toString('latin1', 0, end))
    this.#skip(end + 4)
    return this.#finish(trailers)
  }

  #finish(trailers: string[]): false {
    this.#expects = 'nothing'
    this.#events.onMessageEnd(trailers)
    return false
  }

  #skip(bytes: number): void {
    this.#rest = bytes === this.#rest.length ? nothing : this.#rest.subarray(bytes)
  }
}

/** A short one shares a slab of a few kilobytes with others; a longer one must not keep a larger buffer alive. */
function copyOf(bytes: Buffer): Buffer {
  return Buffer.from(bytes)
}
