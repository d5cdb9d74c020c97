import type { Exchange, Place } from '../exchange.ts'
import type { FactAnswer, FactQuery, FactSource, Maybe, SignatureCheck, TokenReading } from '../pipeline/facts.ts'
import { whenReady } from '../pipeline/facts.ts'
import { readPlace } from '../pipeline/place.ts'
import type { KeySet } from './key-set.ts'
import { type KeySetAnswer, type KeySetOptions, KeySets } from './key-sets.ts'
import { readToken, splitToken } from './token.ts'
import { VerifiedTokens } from './verified-tokens.ts'

/** What facts need of the workspace key. */
export interface FactKeyring {
  tag(value: string): string
  random(purpose: string): number
}

export interface LiveFactsOptions extends Omit<KeySetOptions, 'now'> {
  readonly key: FactKeyring
  /** Milliseconds since the epoch, for the lifetime of key sets; the system's clock when absent. */
  readonly now?: () => number
}

/** Facts from the world. Nothing of it throws or rejects: what cannot be had is `unavailable`, with the reason. */
export interface LiveFacts extends FactSource {
  readonly keySets: KeySets
}

type SignatureQuery = Extract<FactQuery, { kind: 'signature' }>

/** Makes the facts of a running gateway. One for the whole process, so that key sets and verified tokens outlive a reload. */
export function createLiveFacts({ key, now = Date.now, ...options }: LiveFactsOptions): LiveFacts {
  const keySets = new KeySets({ ...options, now })
  const verified = new VerifiedTokens()
  return {
    keySets,
    ask(query, exchange) {
      switch (query.kind) {
        case 'token':
          return readingAt(exchange, query.place, query.scheme, verified)
        case 'tag':
          return { value: tagOf(readPlace(exchange, query.place), key) }
        case 'signature':
          return checkSignature(query, exchange, keySets, verified)
        case 'random':
          return { value: key.random(`${exchange.id}|${query.purpose}`) }
      }
    },
  }
}

const absent: FactAnswer<TokenReading> = Object.freeze({ value: Object.freeze({ form: 'absent' }) })
const noToken: FactAnswer<SignatureCheck> = { value: { valid: false, reason: 'there is no token' } }

function readingAt(
  exchange: Exchange,
  place: Place,
  scheme: string | undefined,
  verified: VerifiedTokens,
): FactAnswer<TokenReading> {
  const values = readPlace(exchange, place)
  if (values.length === 0) return absent
  if (values.length > 1) return { value: { form: 'several', count: values.length } }
  const text = values[0]!
  const known = verified.get(text, scheme)
  if (known) return known.reading
  const token = withoutScheme(text, scheme)
  if (typeof token === 'string') return { value: readToken(token) }
  return token.instead === undefined ? absent : { value: { form: 'absent', instead: token.instead } }
}

function checkSignature(
  query: SignatureQuery,
  exchange: Exchange,
  keySets: KeySets,
  verified: VerifiedTokens,
): Maybe<FactAnswer<SignatureCheck>> {
  const values = readPlace(exchange, query.place)
  if (values.length !== 1) return noToken
  const text = values[0]!
  return whenReady(keySets.keys(query.keys), (keySet) => {
    if ('unavailable' in keySet) return { unavailable: keySet.unavailable }
    const known = verified.get(text, query.scheme)
    const before = known && verified.check(known, query.keys, query.algorithm, keySet)
    return before ?? verifyToken(text, query, keySet, keySets, verified)
  })
}

function verifyToken(
  text: string,
  query: SignatureQuery,
  keySet: KeySet,
  keySets: KeySets,
  verified: VerifiedTokens,
): Maybe<FactAnswer<SignatureCheck>> {
  const { algorithm, keys, scheme } = query
  const token = withoutScheme(text, scheme)
  if (typeof token !== 'string') return noToken
  const jws = splitToken(token)
  if ('malformed' in jws) return { value: { valid: false, reason: jws.malformed } }
  const verifyWith = (current: KeySetAnswer): FactAnswer<SignatureCheck> => {
    if ('unavailable' in current) return { unavailable: current.unavailable }
    const check = current.verify(jws, algorithm)
    const answer: FactAnswer<SignatureCheck> = { value: check }
    const reading = readToken(token)
    if (check.valid && reading.form === 'jws') {
      verified.add(text, scheme, { value: reading }, { source: keys.id, algorithm, keySet: current, answer })
    }
    return answer
  }
  const kid = jws.header['kid']
  if (typeof kid === 'string' && !keySet.has(kid)) return whenReady(keySets.newerKeys(keys, keySet), verifyWith)
  return verifyWith(keySet)
}

/** The token behind its scheme (RFC 9110 §11.4, any case), or what stands there instead. */
function withoutScheme(text: string, scheme: string | undefined): string | { instead?: string } {
  if (scheme === undefined) return text
  const length = scheme.length
  if (text.length > length && text[length] === ' ' && text.slice(0, length).toLowerCase() === scheme.toLowerCase()) {
    return text.slice(length).replace(/^ +/, '')
  }
  const other = /^([A-Za-z][A-Za-z0-9-]{0,19}) /.exec(text)?.[1]
  return other === undefined ? {} : { instead: other }
}

function tagOf(values: readonly string[], key: FactKeyring): string | null {
  if (values.length === 0) return null
  if (values.length === 1) return key.tag(values[0]!)
  return [...new Set(values)].map((value) => key.tag(value)).join(' ')
}
