import type { WorkspaceKey } from '../config/workspace-key.ts'
import { isMarker, literalMarkerOf, markerOf } from './markers.ts'
import { shortestNeedle, spellingsOf } from './needles.ts'
import { type SecretSpan, tokensIn } from './secret-values.ts'

/** A sealed value on its way into the database. */
export interface SealedValue {
  tag: string
  value: Uint8Array
  expiresAt: number
}

interface KnownValue {
  tag: string
  expiresAt: number
}

const noSecrets: readonly string[] = []
/** How many values are remembered, so that a token sent again and again is encrypted once. */
const knownLimit = 4096
/** Of how many secrets the spellings are: each takes about twenty times the room of the secret. */
const knownSpellings = 256

/** Turns secret values into markers and keeps their encrypted values for the store. One per writer. */
export class Sealer {
  readonly #key: WorkspaceKey
  readonly #lifetimeMs: number
  readonly #known = new Map<string, KnownValue>()
  readonly #spellings = new WeakMap<readonly string[], readonly string[]>()
  readonly #spellingsOfOne = new Map<string, readonly string[]>()
  #fresh: SealedValue[] = []
  #now = 0

  constructor(key: WorkspaceKey, lifetimeMs: number) {
    this.#key = key
    this.#lifetimeMs = lifetimeMs
  }

  /** Sealed values expire `lifetimeMs` after this time (ms since the epoch). */
  setTime(now: number): void {
    this.#now = now
  }

  /** Values sealed since the last call, to be written with the texts that refer to them. */
  takeFresh(): SealedValue[] {
    const fresh = this.#fresh
    if (fresh.length > 0) this.#fresh = []
    return fresh
  }

  /** After a failed write: everything has to be handed out again. */
  forget(): void {
    this.#known.clear()
    this.#fresh = []
  }

  marker(value: string): string {
    return markerOf(this.#tagOf(value, undefined), value.length)
  }

  /** Seals a whole binary body; its tag is that of the bytes read as Latin-1. */
  bytesTag(bytes: Uint8Array): string {
    return this.#tagOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'), bytes)
  }

  #tagOf(value: string, bytes: Uint8Array | undefined): string {
    const known = this.#known.get(value)
    // A value in use lives on, but its expiry is written at most 24 times per lifetime.
    if (known && known.expiresAt > this.#now + this.#lifetimeMs * (23 / 24)) return known.tag
    const tag = known?.tag ?? this.#key.tag(value)
    const expiresAt = this.#now + this.#lifetimeMs
    if (this.#known.size >= knownLimit) this.#known.clear()
    if (value.length < 16_384) this.#known.set(value, { tag, expiresAt })
    this.#fresh.push({ tag, value: this.#key.seal(bytes ?? Buffer.from(value, 'utf8')), expiresAt })
    return tag
  }

  /** The text with its spans replaced by markers; the values are added to `secrets`, as written and unescaped. */
  sealSpans(text: string, spans: readonly SecretSpan[], secrets: string[]): string {
    let sealed = ''
    let from = 0
    for (const { start, end, literal } of spans) {
      const value = text.slice(start, end)
      if (start < from || isMarker(value)) continue
      const tag = this.#tagOf(value, undefined)
      sealed += text.slice(from, start) + (literal ? literalMarkerOf(tag, value.length) : markerOf(tag, value.length))
      from = end
      if (value.length >= shortestNeedle) secrets.push(value)
      if (value.includes('\\')) addUnescaped(value, secrets)
    }
    return sealed + text.slice(from)
  }

  /** Replaces JSON Web Tokens wherever they stand. */
  sealTokens(text: string, secrets: string[]): string {
    if (!text.includes('eyJ')) return text
    const spans = tokensIn(text)
    return spans.length > 0 ? this.sealSpans(text, spans, secrets) : text
  }

  /**
   * Replaces every spelling of the secrets. In a JSON text the value behind the marker is the unescaped one.
   * Pass the same array for the same secrets: their spellings are kept by it.
   */
  sealEchoes(text: string, secrets: readonly string[], json: boolean): string {
    let sealed = text
    for (const spelling of this.#spellingsOf(secrets)) {
      if (!sealed.includes(spelling)) continue
      sealed = sealed.replaceAll(spelling, () => this.marker(json ? unescaped(spelling) : spelling))
    }
    return sealed
  }

  /** Like {@link sealEchoes} for a text that was cut off: also a secret that the cut went through. */
  sealTail(text: string, secrets: readonly string[]): string {
    for (const spelling of this.#spellingsOf(secrets)) {
      const start = text.lastIndexOf(spelling.slice(0, shortestNeedle))
      if (start < 0 || !spelling.startsWith(text.slice(start))) continue
      return text.slice(0, start) + this.marker(text.slice(start))
    }
    return text
  }

  /** Whether a text holds any spelling of the secrets. */
  holds(text: string, secrets: readonly string[]): boolean {
    return this.#spellingsOf(secrets).some((spelling) => text.includes(spelling))
  }

  #spellingsOf(secrets: readonly string[]): readonly string[] {
    if (secrets.length === 0) return noSecrets
    let spellings = this.#spellings.get(secrets)
    if (!spellings) {
      const all = new Set(secrets.flatMap((secret) => this.#spellingsOfSecret(secret)))
      spellings = [...all].sort((a, b) => b.length - a.length)
      this.#spellings.set(secrets, spellings)
    }
    return spellings
  }

  /** The same clients send the same tokens again, in lists that are new. */
  #spellingsOfSecret(secret: string): readonly string[] {
    let spellings = this.#spellingsOfOne.get(secret)
    if (!spellings) {
      spellings = spellingsOf(secret)
      if (this.#spellingsOfOne.size >= knownSpellings) this.#spellingsOfOne.clear()
      this.#spellingsOfOne.set(secret, spellings)
    }
    return spellings
  }
}

function addUnescaped(value: string, secrets: string[]): void {
  const plain = unescaped(value)
  if (plain !== value && plain.length >= shortestNeedle) secrets.push(plain)
}

function unescaped(value: string): string {
  if (!value.includes('\\')) return value
  try {
    return JSON.parse(`"${value}"`) as string
  } catch {
    return value
  }
}
