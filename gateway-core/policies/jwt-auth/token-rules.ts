import type { Place } from '../../exchange.ts'
import type { KeySource } from '../../pipeline/facts.ts'
import type { Issuers } from './issuers.ts'

/** What a prepared `jwt-auth` wants of a token, for tools that make tokens. */
export interface TokenRules {
  readonly place: Place
  readonly scheme: string | undefined
  readonly issuers: readonly {
    /** Undefined: whoever issued it. */
    readonly name: string | undefined
    readonly audience: readonly string[]
    readonly algorithms: readonly string[]
    readonly source: KeySource
  }[]
  readonly scopes: readonly string[]
  readonly groupsClaims: readonly string[]
}

export function tokenRules(prepared: unknown): TokenRules {
  const { place, scheme, issuers, scopes, caller } = prepared as {
    place: Place
    scheme: string | undefined
    issuers: Issuers
    scopes: readonly string[]
    caller: { groupsClaims: readonly string[] }
  }
  const all = issuers.any ? [[undefined, issuers.any] as const] : [...issuers.byName]
  return {
    place,
    scheme,
    scopes,
    groupsClaims: caller.groupsClaims,
    issuers: all.map(([name, { audience, algorithms, source }]) => ({
      name,
      audience,
      algorithms: [...algorithms],
      source,
    })),
  }
}
