import { create } from 'zustand'
import type { LabState, TokenReport, TokenTrialReport } from '../../gateway-core/protocol/tokens.ts'
import type { Params } from '../../gateway-core/protocol/protocol.ts'
import { core } from '../core/core.ts'
import { refusalOf, tellFailure } from '../shell/notices.ts'
import { useTraffic } from '../traffic/traffic-store.ts'

export type Algorithm = Params<'tokens.mint'>['algorithm']
export const algorithms: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'EdDSA', 'RS384', 'RS512', 'PS384', 'PS512']
export type Binding = 'none' | 'dpop' | 'certificate'

/** A report of a token, and where it came from. */
export interface Shown {
  where: string
  report: TokenReport
}

interface TokenLabState {
  side: 'read' | 'make'
  pasted: string
  /** Claims to mint, as JSON text: the fields above it write into it. */
  claims: string
  algorithm: Algorithm
  bind: Binding
  /** The last token that was minted. */
  minted: string | undefined
  shown: Shown[]
  failure: string | undefined
  lab: LabState | undefined
  method: string
  target: string
  /** The recorded request that tokens are tried with, instead of method and target. */
  exchange: string | undefined
  send: boolean
  trial: TokenTrialReport | undefined
  trying: boolean
}

export const useTokens = create<TokenLabState>(() => ({
  side: 'read',
  pasted: '',
  claims: '',
  algorithm: 'RS256',
  bind: 'none',
  minted: undefined,
  shown: [],
  failure: undefined,
  lab: undefined,
  method: 'GET',
  target: '/',
  exchange: undefined,
  send: false,
  trial: undefined,
  trying: false,
}))

const set = useTokens.setState
let reading = 0

/** Reads a token as it is typed or pasted; only the last answer counts. */
export function paste(text: string): void {
  set({ pasted: text })
  const mine = ++reading
  if (text.trim() === '') return set({ shown: [], failure: undefined })
  core.call('tokens.decode', { token: text }).then(
    (report) => mine === reading && set({ shown: [{ where: 'the pasted token', report }], failure: undefined }),
    (error: unknown) => mine === reading && set({ shown: [], failure: refusalOf(error).what }),
  )
}

/** Shows the tokens of a recorded exchange. */
export async function readExchange(id: string): Promise<void> {
  const mine = ++reading
  try {
    const shown = await core.call('tokens.find', { exchange: id })
    if (mine !== reading) return
    const failure =
      shown.length > 0 ? undefined : 'There is no token in this exchange, or its secrets are not kept any more.'
    set({ side: 'read', pasted: '', shown, failure, exchange: id })
  } catch (error) {
    set({ shown: [], failure: refusalOf(error).what })
  }
}

/** What the lab knows of the workspace; the claims begin with what its first policy wants. */
export async function loadLab(): Promise<void> {
  try {
    const lab = await core.call('tokens.lab')
    const selected = useTraffic.getState().selected
    set((state) => ({
      lab,
      exchange: state.exchange ?? selected,
      ...(state.claims === '' && begin(lab, lab.policies[0]?.policy)),
    }))
  } catch (error) {
    tellFailure(error)
  }
}

/** Claims that one policy takes, for ten minutes. */
export function begin(lab: LabState, policy: string | undefined): { claims: string; algorithm: Algorithm } {
  const wants = lab.policies.find((one) => one.policy === policy)
  const now = Math.floor(Date.now() / 1000)
  const groups = wants?.groupsClaims[0]
  const claims = {
    iss: wants?.issuers[0] ?? 'https://issuer.example',
    ...(wants?.audience[0] !== undefined && { aud: wants.audience[0] }),
    sub: 'anna',
    ...(groups !== undefined && { [groups]: ['reader'] }),
    ...(wants && wants.scopes.length > 0 && { scope: wants.scopes.join(' ') }),
    iat: now,
    exp: now + 600,
  }
  const algorithm = algorithms.find((one) => !wants || wants.algorithms.includes(one)) ?? 'RS256'
  return { claims: JSON.stringify(claims, null, 2), algorithm }
}

/** The claims as written, or what is wrong with them. */
export function claimsWritten(text: string): { claims: Record<string, unknown> } | { problem: string } {
  try {
    const claims = JSON.parse(text) as unknown
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return { claims: claims as Record<string, unknown> }
    return { problem: 'Claims are a JSON object: { "sub": "anna" }' }
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Writes one claim into the JSON text; undefined takes it away. What cannot be read stays as it is. */
export function setClaim(name: string, value: unknown): void {
  const written = claimsWritten(useTokens.getState().claims)
  if ('problem' in written) return
  const claims = { ...written.claims, [name]: value }
  if (value === undefined) delete claims[name]
  set({ claims: JSON.stringify(claims, null, 2) })
}

export async function mint(): Promise<void> {
  const { claims: text, algorithm, bind } = useTokens.getState()
  const written = claimsWritten(text)
  if ('problem' in written) return
  try {
    if (bind === 'certificate') await core.call('tokens.certificate', { name: 'token-lab' })
    const options = { claims: written.claims, algorithm, ...(bind !== 'none' && { bind }) }
    const { token, report } = await core.call('tokens.mint', options)
    set({ minted: token, shown: [{ where: 'the token just made', report }], failure: undefined })
  } catch (error) {
    tellFailure(error)
  }
}

export async function trust(on: boolean): Promise<void> {
  try {
    set({ lab: await core.call('tokens.trust', { on }) })
  } catch (error) {
    tellFailure(error)
  }
}

/** Tries the right token and the broken ones. */
export async function tryTokens(): Promise<void> {
  const { claims: text, algorithm, method, target, exchange, send, trying } = useTokens.getState()
  const written = claimsWritten(text)
  if ('problem' in written || trying) return
  set({ trying: true })
  try {
    const request = exchange === undefined ? { method, target } : { exchange }
    set({ trial: await core.call('tokens.try', { claims: written.claims, algorithm, send, ...request }) })
  } catch (error) {
    tellFailure(error)
  } finally {
    set({ trying: false })
  }
}
