import type { StoredExchange } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import { createLiveFacts, type LiveFacts } from '../facts/live.ts'
import { refused } from '../protocol/rpc-error.ts'
import type {
  BrokenToken,
  ClientCertificate,
  LabState,
  TokenReport,
  TokenTrialReport,
  TokenTrialRow,
} from '../protocol/tokens.ts'
import { acceptances, tokenPolicies } from '../tokens/accept.ts'
import { brokenTokens } from '../tokens/broken.ts'
import { bareToken, decodeToken } from '../tokens/decode.ts'
import { isCertificateName, makeClientCertificate } from '../tokens/client-certificate.ts'
import { dpopProof } from '../tokens/dpop.ts'
import { type LabAlgorithm, LabKeys } from '../tokens/lab-keys.ts'
import { signToken, type TokenParts } from '../tokens/sign.ts'
import { type Carrier, TokenTrial } from '../tokens/try-tokens.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { sendThrough } from './resend.ts'

export interface MintOptions {
  claims: Readonly<Record<string, unknown>>
  header?: Readonly<Record<string, unknown>>
  algorithm: LabAlgorithm
  bind?: 'dpop' | 'certificate'
}

/** The token lab of one workspace. */
export class TokenLab {
  readonly #opened: OpenedWorkspace
  #keys: Promise<LabKeys> | undefined
  #facts: LiveFacts | undefined
  #thumbprint: string | undefined

  constructor(opened: OpenedWorkspace) {
    this.#opened = opened
  }

  async state(): Promise<LabState> {
    const keys = await this.#labKeys()
    const { keySets, workspace } = this.#opened
    return {
      trusted: keySets?.lends ?? false,
      running: keySets !== undefined,
      jwks: keys.jwks(),
      policies: workspace
        ? tokenPolicies(workspace).map(({ instance, rules }) => ({
            policy: instance.id,
            issuers: rules.issuers.flatMap(({ name }) => name ?? []),
            audience: [...new Set(rules.issuers.flatMap(({ audience }) => audience))],
            algorithms: [...new Set(rules.issuers.flatMap(({ algorithms }) => algorithms))],
            scopes: [...rules.scopes],
            groupsClaims: [...rules.groupsClaims],
          }))
        : [],
    }
  }

  async trust(on: boolean): Promise<LabState> {
    const { keySets } = this.#opened
    if (!keySets) throw refused('the gateway does not run', 'start it first')
    await keySets.lend(on ? (await this.#labKeys()).jwks() : undefined)
    return this.state()
  }

  async report(token: string): Promise<TokenReport> {
    const bare = bareToken(token)
    const policies = await acceptances(this.#workspace(), bare, await this.#liveFacts())
    return { decoded: decodeToken(bare, Date.now()), policies }
  }

  async mint({ claims, header = {}, algorithm, bind }: MintOptions): Promise<{ token: string; report: TokenReport }> {
    const confirmation = await this.#confirmation(bind)
    const parts = { header, claims: confirmation ? { ...claims, cnf: confirmation } : claims }
    const token = signToken(parts, algorithm, await this.#labKeys())
    return { token, report: await this.report(token) }
  }

  async proof(request: { method: string; url: string; token?: string; nonce?: string }): Promise<{ proof: string }> {
    if (!URL.canParse(request.url)) throw refused(`${request.url} is no URL`, 'write https://host/path')
    return { proof: dpopProof((await this.#labKeys()).proofKey(), request, Date.now()) }
  }

  async certificate(name: string): Promise<ClientCertificate> {
    if (!isCertificateName(name)) throw refused('this is no name for a certificate', 'use letters, digits, . _ @ -')
    const made = await makeClientCertificate(this.#opened.folder, name)
    this.#thumbprint = made.thumbprint
    return made
  }

  /** Tries the right token and the broken ones on a request; ends early when nobody waits any more. */
  async try(
    given: MintOptions & { carrier: Carrier; send?: boolean; only?: readonly string[] },
    signal: AbortSignal,
  ): Promise<TokenTrialReport> {
    const { carrier, only, claims, header = {}, algorithm } = given
    const parts: TokenParts = { header, claims }
    const keys = await this.#labKeys()
    const facts = await this.#liveFacts(true)
    const trial = new TokenTrial(this.#workspace(), facts, carrier)
    const issuerKeys = keys.jwks()
    const broken = brokenTokens({ parts, algorithm, keys, issuerKeys, now: Date.now() })
    const right: BrokenToken = {
      id: 'right',
      title: 'the right token',
      looksFor: 'It is to pass.',
      token: signToken(parts, algorithm, keys),
    }
    const rows: TokenTrialRow[] = []
    for (const one of [right, ...broken]) {
      if (only && !only.includes(one.id)) continue
      if (signal.aborted) break
      const { token, ...about } = one
      const judged = await trial.judge(token)
      const row: TokenTrialRow = { ...about, right: one === right, judged }
      if (given.send) row.sent = await this.#send(trial.request(token))
      rows.push(row)
    }
    const passed = ({ judged, sent }: TokenTrialRow) =>
      judged.passes || (sent !== undefined && 'status' in sent && sent.status < 400)
    const unread = await trial.isUnread(rows.map(({ judged }) => judged))
    return {
      request: `${carrier.method} ${carrier.target}`,
      rows,
      unread,
      taken: unread ? [] : rows.filter((row) => !row.right && passed(row)).map(({ id }) => id),
    }
  }

  /** The request of a recorded exchange, or a plain one, for tokens to be tried with. */
  carrier(from: StoredExchange | { method: string; target: string }): Carrier {
    const peer = { address: '127.0.0.1', port: 0 }
    const { gatewayUrl } = this.#opened
    if (!('request' in from)) {
      const host = gatewayUrl === undefined ? 'localhost' : new URL(gatewayUrl).host
      return { method: from.method, target: from.target, scheme: 'http', headers: ['Host', host], peer }
    }
    const { request } = from
    const { body } = request
    const named = request.headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
    return {
      method: request.method,
      target: request.target,
      scheme: request.scheme,
      headers: named ? request.headers : ['Host', request.authority, ...request.headers],
      ...(body && !body.truncated && { body: { bytes: body.bytes, decoded: body.decoded === true } }),
      peer: from.peer,
    }
  }

  async #send({ method, target, headers, body }: Carrier): Promise<TokenTrialRow['sent']> {
    const fields: [string, string][] = []
    for (let at = 0; at + 1 < headers.length; at += 2) fields.push([headers[at]!, headers[at + 1]!])
    try {
      const sending = { method, address: target, fields, body: body && Buffer.from(body.bytes) }
      const answer = await sendThrough(this.#opened, sending)
      const exchange = await this.#opened.exchangeFrom(answer.localPort)
      return { status: answer.status, ...(exchange !== undefined && { exchange }) }
    } catch (error) {
      return { problem: (error as Error).message }
    }
  }

  async #confirmation(bind: MintOptions['bind']): Promise<Record<string, string> | undefined> {
    if (bind === 'dpop') return { jkt: (await this.#labKeys()).proofKey().thumbprint }
    if (bind !== 'certificate') return undefined
    if (this.#thumbprint !== undefined) return { 'x5t#S256': this.#thumbprint }
    throw refused('there is no client certificate yet to bind the token to', 'make one first')
  }

  #workspace(): Workspace {
    const { workspace } = this.#opened
    if (workspace) return workspace
    throw refused('the files of the workspace have errors', 'mend them first')
  }

  #labKeys(): Promise<LabKeys> {
    this.#keys ??= LabKeys.of(this.#opened.folder).catch((error: Error) => {
      this.#keys = undefined
      throw refused(`the keys of the local issuer cannot be kept: ${error.message}`, 'make the folder writable')
    })
    return this.#keys
  }

  /** Facts of their own, so that trying tokens changes nothing of the gateway. `lent`: the local issuer counts, whatever the gateway trusts. */
  async #liveFacts(lent = this.#opened.keySets?.lends ?? false): Promise<LiveFacts> {
    this.#facts ??= createLiveFacts({ key: this.#opened.key })
    await this.#facts.keySets.lend(lent ? (await this.#labKeys()).jwks() : undefined)
    return this.#facts
  }
}
