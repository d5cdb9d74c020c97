import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const mostKeys = 100

/** Who may use browser mode: whoever shows the one-time token, and from then on the key that it is exchanged for. */
export class Admission {
  /** Hashes only: who reads the memory of this process finds no key. */
  #token: Buffer | undefined
  readonly #keys: Buffer[] = []

  /** A new one-time token. The one before is worth nothing any more, keys stay good. */
  issueToken(): string {
    const token = randomBytes(32).toString('base64url')
    this.#token = hash(token)
    return token
  }

  /** Exchanges the token for a key, once; undefined when it is wrong or used. */
  exchange(token: string): string | undefined {
    if (!this.#token || !timingSafeEqual(hash(token), this.#token)) return undefined
    this.#token = undefined
    const key = randomBytes(32).toString('base64url')
    this.#keys.push(hash(key))
    if (this.#keys.length > mostKeys) this.#keys.shift()
    return key
  }

  knows(key: string): boolean {
    const wanted = hash(key)
    return this.#keys.some((known) => timingSafeEqual(known, wanted))
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
