/** Why a HAR file cannot be read. `offset` is the byte where it goes wrong. */
export class HarError extends Error {
  override name = 'HarError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(`${message} (at byte ${offset})`)
    this.offset = offset
  }
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const colon = 0x3a
const comma = 0x2c
/** One entry may be this long: no JSON text of more could become a string. */
const entryLimit = 256 * 1024 * 1024

/**
 * Cuts `log.entries` of a HAR into its entries while it streams in, so that memory holds one entry at a time. Only the
 * frame around the entries is read here; what is inside an entry is for JSON.parse to judge.
 */
export class HarSplitter {
  #offset = 0
  #depth = 0
  #inString = false
  #escaped = false
  /** Names that lead to where we are, as far as they matter: at depth 1 and 2. */
  readonly #names = ['', '']
  #text = ''
  #inEntries = false
  #sawEntries = false
  #capturing = false
  #captured: Uint8Array[] = []
  #capturedBytes = 0
  #entryOffset = 0

  /** Throws a HarError when the file ended too early or had no entries. */
  end(): void {
    if (this.#depth > 0 || this.#inString) throw new HarError('the file ends in the middle', this.#offset)
    if (!this.#sawEntries) throw new HarError('there is no list log.entries: this is no HAR', this.#offset)
  }

  /** Entries that ended in this chunk. Throws a HarError where the frame makes no sense. */
  *push(chunk: Uint8Array): Generator<{ text: string; offset: number }> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let from = 0
    for (let at = 0; at < bytes.length; at++) {
      if (this.#inString) {
        at = this.#skipString(bytes, at)
        continue
      }
      const byte = bytes[at]!
      if (byte <= 0x20 || byte === 0xef || byte === 0xbb || byte === 0xbf) continue
      if (this.#depth === 0 && (byte !== openBrace || this.#sawEntries)) {
        throw new HarError('a HAR is one JSON object', this.#offset + at)
      }
      if (byte === openBrace || byte === openBracket) {
        if (this.#inEntries && this.#depth === 3) {
          if (byte === openBracket) throw new HarError('an entry has to be an object', this.#offset + at)
          this.#capturing = true
          from = at
          this.#entryOffset = this.#offset + at
        } else if (this.#depth === 2 && byte === openBracket && this.#names.join('.') === 'log.entries') {
          this.#inEntries = true
          this.#sawEntries = true
        }
        this.#depth++
      } else if (byte === closeBrace || byte === closeBracket) {
        this.#depth--
        if (this.#capturing && this.#depth === 3) {
          this.#keep(bytes.subarray(from, at + 1))
          this.#capturing = false
          yield { text: Buffer.concat(this.#captured).toString('utf8'), offset: this.#entryOffset }
          this.#captured = []
          this.#capturedBytes = 0
        } else if (this.#depth === 2) this.#inEntries = false
      } else if (this.#inEntries && this.#depth === 3) {
        if (byte !== comma) throw new HarError('an entry has to be an object', this.#offset + at)
      } else if (byte === quote) {
        this.#inString = true
        this.#text = ''
      } else if (byte === colon && this.#depth <= 2) {
        this.#names[this.#depth - 1] = this.#text
        if (this.#depth === 1) this.#names[1] = ''
      }
    }
    if (this.#capturing) this.#keep(bytes.subarray(from))
    this.#offset += bytes.length
  }

  #keep(bytes: Uint8Array): void {
    this.#capturedBytes += bytes.byteLength
    if (this.#capturedBytes > entryLimit) throw new HarError('an entry is longer than 256 MB', this.#entryOffset)
    // The reader of the file may use its buffer again.
    this.#captured.push(Uint8Array.prototype.slice.call(bytes))
  }

  /** Goes to the end of the string, or of the chunk; returns the last place looked at. */
  #skipString(bytes: Buffer, start: number): number {
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (this.#escaped) this.#escaped = false
      else if (byte === backslash) this.#escaped = true
      else if (byte === quote) {
        this.#inString = false
        return at
      }
      if (this.#depth <= 2 && this.#text.length < 64) this.#text += String.fromCharCode(byte)
    }
    return bytes.length
  }
}
