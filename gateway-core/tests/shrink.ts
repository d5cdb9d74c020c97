import type { Attempts } from './attempts.ts'
import type { TestDraft } from './draft-of-record.ts'

type Mapping = Record<string, unknown>

/** Claims that say who somebody is and what they may: those stay, also where no policy looks at them today. */
const tellingClaims = new Set([
  'issuer',
  'sub',
  'aud',
  'scope',
  'scp',
  'roles',
  'groups',
  'alg',
  'signature',
  'header',
  'claims',
])

/** The draft without what makes no difference to any policy: headers, times, claims, the response. */
export async function shrink(attempts: Attempts, draft: TestDraft): Promise<TestDraft> {
  let best = draft
  // Most answers of an upstream say nothing about a policy, although one or the other header of them is changed.
  if (!(await attempts.needsResponse(draft))) {
    const { response: _, ...rest } = draft
    best = rest
  }
  const wanted = await attempts.shape(best)
  const attempt = async (change: (copy: TestDraft) => void): Promise<boolean> => {
    const copy = structuredClone(best)
    change(copy)
    if ((await attempts.shape(copy)) !== wanted) return false
    best = copy
    return true
  }
  await attempt((copy) => drop(copy.given, 'time'))
  await attempt((copy) => drop(copy.given, 'peer'))
  await shrinkHeaders(attempt, best)
  for (const claim of Object.keys(tokenOf(best) ?? {})) {
    if (!tellingClaims.has(claim)) await attempt((copy) => drop(tokenOf(copy), claim))
  }
  await attempt((copy) => drop(tokenOf(copy), 'header'))
  relativeTimes(best)
  // What was relative to the time of the record may be dropped now that it is.
  await attempt((copy) => drop(copy.given, 'time'))
  if (best.response) await shrinkResponse(attempt, best)
  return best
}

async function shrinkHeaders(attempt: (change: (copy: TestDraft) => void) => Promise<boolean>, draft: TestDraft) {
  const all = Object.keys((draft.request?.['headers'] ?? {}) as Mapping)
  if (all.length === 0) return
  const without = (names: readonly string[]) => (copy: TestDraft) => {
    const headers = copy.request!['headers'] as Mapping
    for (const name of names) delete headers[name]
    if (Object.keys(headers).length === 0) delete copy.request!['headers']
  }
  if (await attempt(without(all))) return
  for (const name of all) await attempt(without([name]))
}

async function shrinkResponse(attempt: (change: (copy: TestDraft) => void) => Promise<boolean>, draft: TestDraft) {
  for (const name of Object.keys((draft.response!['headers'] ?? {}) as Mapping)) {
    await attempt((copy) => {
      const headers = copy.response!['headers'] as Mapping
      delete headers[name]
      if (Object.keys(headers).length === 0) delete copy.response!['headers']
    })
  }
}

function drop(mapping: unknown, key: string): void {
  if (typeof mapping === 'object' && mapping !== null) delete (mapping as Mapping)[key]
}

/** The token of the request, wherever it is written. */
function tokenOf(draft: TestDraft): Mapping | undefined {
  const token = draft.request?.['token'] ?? (draft.given?.['tokens'] as Mapping | undefined)?.['caller']
  return typeof token === 'object' ? (token as Mapping) : undefined
}

/** `exp: +58m` says more than seconds since 1970, and stays true. */
function relativeTimes(draft: TestDraft): void {
  const token = tokenOf(draft)
  const time = Date.parse(String(draft.given?.['time']))
  if (!token || !Number.isFinite(time)) return
  for (const claim of ['exp', 'nbf', 'iat', 'auth_time']) {
    const value = token[claim]
    if (typeof value !== 'number') continue
    const seconds = Math.round(value - Math.floor(time / 1000))
    token[claim] = `${seconds < 0 ? '-' : '+'}${duration(Math.abs(seconds))}`
  }
}

function duration(seconds: number): string {
  const parts = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'm'],
    [1, 's'],
  ] as const
  let rest = seconds
  const written = parts.flatMap(([length, unit]) => {
    const count = Math.floor(rest / length)
    rest -= count * length
    return count > 0 ? [`${count}${unit}`] : []
  })
  return written.join('') || '0s'
}
