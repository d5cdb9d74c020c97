import type { KeySource } from '../pipeline/facts.ts'
import type { FactAnswer, SignatureCheck, TokenReading } from '../pipeline/facts.ts'
import type { KeySet } from './key-set.ts'

/** A token whose signature was right at least once, with what it says. */
export interface VerifiedToken {
  readonly text: string
  /** The scheme that stood before the token: the same text means something else under another. */
  readonly scheme: string | undefined
  readonly reading: FactAnswer<TokenReading>
  readonly checks: Check[]
}

interface Check {
  readonly source: string
  readonly algorithm: string
  /** The keys it was verified with: a check counts only while the source still has these. */
  readonly keySet: KeySet
  readonly answer: FactAnswer<SignatureCheck>
}

/**
 * Tokens that were verified, by the end of their text, so that the next request with the same token is answered at once. Only right
 * ones come in, so that invented tokens cannot push real ones out. Bounded by count and by characters: when the younger
 * generation is full it becomes the older, and what nobody used since then goes.
 */
export class VerifiedTokens {
  readonly #maxTokens: number
  readonly #maxCharacters: number
  #young = new Map<string, VerifiedToken>()
  #old = new Map<string, VerifiedToken>()
  #characters = 0
  /** An exchange asks for its token twice. */
  #lastText = ''
  #last: VerifiedToken | undefined

  constructor(maxTokens = 20_000, maxCharacters = 32 * 1024 * 1024) {
    this.#maxTokens = maxTokens
    this.#maxCharacters = maxCharacters
  }

  /** What is known of a value that holds a token behind `scheme`. */
  get(text: string, scheme: string | undefined): VerifiedToken | undefined {
    let token = this.#last
    if (!token || text !== this.#lastText) {
      const end = endOf(text)
      token = this.#young.get(end)
      if (token?.text !== text) {
        token = this.#old.get(end)
        if (token?.text !== text) return undefined
        this.#keep(token)
      }
      this.#lastText = text
      this.#last = token
    }
    return token.scheme === scheme ? token : undefined
  }

  /** The answer of a check with these keys, or undefined. */
  check(token: VerifiedToken, source: KeySource, algorithm: string, keySet: KeySet): Check['answer'] | undefined {
    for (const check of token.checks) {
      if (check.keySet === keySet && check.algorithm === algorithm && check.source === source.id) return check.answer
    }
    return undefined
  }

  add(text: string, scheme: string | undefined, reading: VerifiedToken['reading'], check: Check): void {
    const known = this.get(text, scheme)
    if (known) {
      const same = known.checks.findIndex(
        ({ source, algorithm }) => source === check.source && algorithm === check.algorithm,
      )
      if (same === -1) known.checks.push(check)
      else known.checks[same] = check
    } else this.#keep({ text, scheme, reading, checks: [check] })
  }

  #keep(token: VerifiedToken): void {
    const { text } = token
    if (this.#young.size >= this.#maxTokens / 2 || this.#characters + text.length > this.#maxCharacters / 2) {
      this.#old = this.#young
      this.#young = new Map()
      this.#characters = 0
    }
    this.#young.set(endOf(text), token)
    this.#characters += text.length
  }
}

/** The end of a token is of its signature: as good a key as all of it, and less to read. */
function endOf(text: string): string {
  return text.slice(-32)
}
