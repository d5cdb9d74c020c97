import type { DenialCode } from '../errors.ts'
import type { Evidence } from '../exchange.ts'
import type { Position } from '../pipeline/outcome.ts'
import { call, callWith } from './declare.ts'
import { text } from './parameters.ts'

const json = { type: 'object' } as const
const algorithm = { enum: ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'EdDSA'] } as const
const bind = { enum: ['dpop', 'certificate'] } as const

/** The token lab: tokens taken apart, made, broken and tried. Tokens leave this machine only where they are sent. */
export const tokensCalls = {
  /** What a token says, and what each policy says to it. */
  'tokens.decode': callWith({ token: text }).returns<TokenReport>(),
  /** Tokens that stand in a recorded exchange, while its secrets are kept. */
  'tokens.find': callWith({ exchange: text }).returns<{ where: string; report: TokenReport }[]>(),
  'tokens.lab': call<LabState>(),
  /** Makes the running gateway take tokens of the local issuer for those of any issuer, or stop it. Off after each start. */
  'tokens.trust': callWith({ on: { type: 'boolean' } }).returns<LabState>(),
  'tokens.mint': callWith({ claims: json, header: json, algorithm, bind }, ['header', 'bind']).returns<{
    token: string
    report: TokenReport
  }>(),
  /** A DPoP proof (RFC 9449) by the key that minted tokens are bound to. */
  'tokens.proof': callWith({ method: text, url: text, token: text, nonce: text }, ['token', 'nonce']).returns<{
    proof: string
  }>(),
  /** A client certificate of the local CA, written beside it. */
  'tokens.certificate': callWith({ name: text }).returns<ClientCertificate>(),
  /**
   * A right token and the classic broken ones, each judged by the whole chain on one request; `send` also sends them
   * through the gateway. `only`: these alone.
   */
  'tokens.try': callWith(
    {
      claims: json,
      algorithm,
      exchange: text,
      method: text,
      target: text,
      send: { type: 'boolean' },
      only: { type: 'array', items: text, maxItems: 100 },
    },
    ['exchange', 'method', 'target', 'send', 'only'],
  ).returns<TokenTrialReport>(),
} as const

/** What a token says, for people. Nothing in it is verified, and neither the token nor its signature is part of it. */
export interface DecodedToken {
  /** `jwt`: signed, three parts. `jwe`: encrypted, five parts. `opaque`: nothing that can be read. */
  form: 'jwt' | 'jwe' | 'opaque'
  header: Readonly<Record<string, unknown>> | null
  claims: Readonly<Record<string, unknown>> | null
  /** Why a strict reader refuses it (RFC 7515 §3.1, RFC 8725), though parts of it could be read. */
  malformed?: string
  times: readonly TimeClaim[]
  /** Length in characters. */
  length: number
}

/** A claim that is a time, as people say it. */
export interface TimeClaim {
  name: string
  /** ISO 8601, or null where the value is no time. */
  at: string | null
  /** `in 12 min`, `3 h ago`. */
  relative: string
}

/** What one policy says to a token. */
export interface Acceptance {
  policy: string
  position: Position
  accepted: boolean
  code?: DenialCode
  /** Why not, first; or what was verified. */
  evidence: readonly Evidence[]
  consumer?: { name: string; groups: readonly string[] }
}

/** What the whole chain of policies says to a request with a token. */
export interface TokenVerdict {
  /** The request would reach the upstream. */
  passes: boolean
  verdict: 'pass' | 'deny' | 'respond' | 'refused' | 'error' | 'undecidable'
  status: number
  decidedBy?: string
  code?: DenialCode
  position?: Position
  evidence: readonly Evidence[]
}

/** A token that a careful gateway refuses, and the carelessness that it looks for. */
export interface BrokenToken {
  id: string
  title: string
  /** What a gateway that takes it gets wrong, with the source. */
  looksFor: string
  token: string
}

/** What a token says and who would take it. The token itself is not part of it. */
export interface TokenReport {
  decoded: DecodedToken
  policies: Acceptance[]
}

export interface LabState {
  /** The running gateway takes tokens of the local issuer. */
  trusted: boolean
  running: boolean
  jwks: Readonly<Record<string, unknown>>[]
  /** What policies of the workspace want, to begin with. */
  policies: {
    policy: string
    issuers: string[]
    audience: string[]
    algorithms: string[]
    scopes: string[]
    groupsClaims: string[]
  }[]
}

export interface ClientCertificate {
  certificate: string
  key: string
  /** `cnf.x5t#S256` of a token bound to it (RFC 8705). */
  thumbprint: string
}

export interface TokenTrialRow extends Omit<BrokenToken, 'token'> {
  /** The right token is to pass, every other one is to be refused. */
  right: boolean
  judged: TokenVerdict
  /** What the gateway answered; `exchange` where it was recorded. */
  sent?: { status: number; exchange?: string } | { problem: string }
}

export interface TokenTrialReport {
  request: string
  rows: TokenTrialRow[]
  /** No policy of the route reads the token: the request passes without any, and nothing is said about tokens. */
  unread: boolean
  /** Broken tokens that passed, judged or sent, where tokens are read. */
  taken: string[]
}
