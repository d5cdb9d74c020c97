import type { Claims, Consumer, Exchange } from '../../exchange.ts'
import type { Change } from '../../pipeline/outcome.ts'
import { claimAt, claimTexts } from '../../pipeline/place.ts'
import type { ConsumerEntry } from '../../pipeline/policy.ts'

/** How claims name a caller. */
export interface CallerRules {
  readonly consumerClaims: readonly string[]
  readonly groupsClaims: readonly string[]
  readonly bySubject: ReadonlyMap<string, Consumer>
  readonly reservedNames: ReadonlySet<string>
}

/** Indexes the consumers of the workspace by the subjects that tokens may carry for them. */
export function prepareCaller(
  consumerClaims: readonly string[],
  groupsClaims: readonly string[],
  consumers: readonly ConsumerEntry[],
): CallerRules {
  const bySubject = new Map<string, Consumer>()
  for (const { name, groups, subjects } of consumers) {
    for (const subject of subjects) bySubject.set(subject, { name, groups })
  }
  return { consumerClaims, groupsClaims, bySubject, reservedNames: new Set(consumers.map(({ name }) => name)) }
}

/**
 * The caller of a token: a consumer of the workspace, where a claim is one of its subjects; otherwise somebody known only
 * by the claim. Such a name never equals a consumer's: a user who is called like one would have its rights.
 */
export function callerOf(rules: CallerRules, claims: Claims): Consumer | undefined {
  const groups = rules.groupsClaims.flatMap((name) => groupTexts(claimAt(claims, name)))
  let name: string | undefined
  for (const claim of rules.consumerClaims) {
    const value = claimAt(claims, claim)
    if (typeof value !== 'string' || value === '') continue
    const known = rules.bySubject.get(value)
    if (known)
      return groups.length === 0 ? known : { name: known.name, groups: [...new Set([...known.groups, ...groups])] }
    name ??= value
  }
  if (name === undefined) return undefined
  return { name: rules.reservedNames.has(name) ? `token:${name}` : name, groups }
}

function groupTexts(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(/[ ,]+/).filter((text) => text !== '') : claimTexts(value)
}

/**
 * Headers that tell the upstream claims. Whatever the client sent under these names goes, also in the spelling with
 * underscores that some servers take for the same (CGI).
 */
export function forwardClaims(
  forward: readonly (readonly [string, string])[],
  exchange: Exchange,
  claims: Claims,
): Change[] {
  const changes: Change[] = []
  const names = new Set(forward.map(([name]) => name.toLowerCase()))
  const { raw } = exchange.request.headers
  for (let at = 0; at < raw.length; at += 2) {
    const lower = raw[at]!.toLowerCase()
    if (lower.includes('_') && names.has(lower.replaceAll('_', '-')))
      changes.push({ kind: 'remove-header', name: lower })
  }
  for (const [name, claim] of forward) {
    const value = claimAt(claims, claim)
    if (value === undefined || value === null) changes.push({ kind: 'remove-header', name })
    else changes.push({ kind: 'set-header', name, value: headerText(claimTexts(value).join(',')) })
  }
  return changes
}

/** Printable ASCII stays; anything else is percent-encoded, so that no claim can end the header. */
function headerText(text: string): string {
  return /^[\x21-\x24\x26-\x7e]([\x20-\x24\x26-\x7e]*[\x21-\x24\x26-\x7e])?$/.test(text)
    ? text
    : encodeURIComponent(text.toWellFormed())
}
