import type { Claims, Exchange, Place } from '../exchange.ts'

/** A value, or a promise of it where the world has to be asked. Only facts give promises. */
export type Maybe<T> = T | Promise<T>

/** Runs `next` on the value, at once when it is there. Keeps the hot path free of microtasks. */
export function whenReady<T, R>(value: Maybe<T>, next: (value: T) => Maybe<R>): Maybe<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** What the world answered: the value, or why there is none. Both are recorded. */
export type FactAnswer<T> = { value: T } | { unavailable: string }

/**
 * Keys that tokens are verified with. `id` is canonical and names the source in fact keys, for example
 * `issuer:https://id.example`. Keys are fetched by `http:` from loopback only, unless `allowHttp` says otherwise.
 */
export type KeySource = { id: string; allowHttp?: true } & (
  | { issuer: string }
  | { jwks: string }
  | { keys: readonly Readonly<Record<string, unknown>>[] }
)

/** What a compact JWS says, decoded and not verified; `malformed` says why it is not one (RFC 7515 §3.1, strict base64url). */
export type TokenReading =
  | { form: 'jws'; header: Readonly<Record<string, unknown>>; claims: Claims }
  /** `instead`: the authentication scheme that stands there in place of the one asked for. */
  | { form: 'absent'; instead?: string }
  | { form: 'several'; count: number }
  | { form: 'malformed'; reason: string }

/** Result of a signature check. `reason` is for people: `no key with kid "a1"`, `signature does not match`. */
export type SignatureCheck = { valid: true; kid?: string } | { valid: false; reason: string }

/** Every question a policy may ask of the world. The identity of a fact is its kind and canonical arguments. */
export type FactQuery =
  | { kind: 'token'; place: Place; scheme?: string }
  | { kind: 'tag'; place: Place }
  | { kind: 'signature'; place: Place; scheme?: string; keys: KeySource; algorithm: string }
  | { kind: 'random'; purpose: string }

/** Answer types by kind of question. */
export interface FactValues {
  token: TokenReading
  /**
   * HMAC tag of the value at the place under the workspace key; null when nothing is there. It outlives the value
   * itself. Several different values give their tags with a space between them.
   */
  tag: string | null
  signature: SignatureCheck
  /** In `[0, 1)`. */
  random: number
}

/** Where answers come from: the live world, a record, or a test. */
export interface FactSource {
  ask(query: FactQuery, exchange: Exchange): Maybe<FactAnswer<unknown>>
}

/** One recorded question with its answer, kept with the exchange. */
export interface RecordedFact {
  key: string
  answer: FactAnswer<unknown>
}

/** Facts as a policy sees them, bound to one exchange. */
export interface Facts {
  token(place: Place, scheme?: string): FactAnswer<TokenReading>
  tag(place: Place): FactAnswer<string | null>
  /** The only verifier of tokens. `scheme` is the authentication scheme in front of the token, for example `Bearer`. */
  signature(place: Place, keys: KeySource, algorithm: string, scheme?: string): Maybe<FactAnswer<SignatureCheck>>
  random(purpose: string): FactAnswer<number>
}

/** Thrown by recorded facts and sealed values when judging again lacks something; only the runner catches it. */
export class MissingFact extends Error {
  readonly key: string
  constructor(key: string) {
    super(`missing fact ${key}`)
    this.name = 'MissingFact'
    this.key = key
  }
}

/** Canonical name of a place: `header:authorization`, `query:key`, `body:/a/b`. */
export function placeKey(place: Place): string {
  if ('name' in place && place.name !== undefined) {
    return `${place.in}:${place.in === 'header' ? place.name.toLowerCase() : place.name}`
  }
  return place.in === 'body' ? `body:${place.pointer ?? ''}` : place.in
}

/** Canonical identity of a question: equal questions have equal keys. */
export function factKey(query: FactQuery): string {
  switch (query.kind) {
    case 'token': {
      const { place, scheme } = query
      const before = tokenKeys.get(place)
      if (before && before.scheme === scheme) return before.key
      const key = `token|${placeKey(place)}|${scheme ?? ''}`
      tokenKeys.set(place, { scheme, key })
      return key
    }
    case 'tag':
      return `tag|${placeKey(query.place)}`
    case 'signature': {
      const { place, scheme, keys, algorithm } = query
      const before = signatureKeys.get(keys)
      if (before?.place === place && before.scheme === scheme && before.algorithm === algorithm) return before.key
      const key = `signature|${placeKey(place)}|${scheme ?? ''}|${keys.id}|${algorithm}`
      signatureKeys.set(keys, { place, scheme, algorithm, key })
      return key
    }
    case 'random':
      return `random|${query.purpose}`
  }
}

/** A policy asks with the same prepared objects for every exchange: the key asked with last is kept with them. */
const tokenKeys = new WeakMap<Place, { scheme: string | undefined; key: string }>()
const signatureKeys = new WeakMap<
  KeySource,
  { place: Place; scheme: string | undefined; algorithm: string; key: string }
>()
