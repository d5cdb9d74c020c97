import { text as readAll } from 'node:stream/consumers'
import { parseDuration } from '../config/units.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { createLiveFacts } from '../facts/live.ts'
import type { Acceptance } from '../protocol/tokens.ts'
import { acceptances, tokenPolicies } from '../tokens/accept.ts'
import { brokenTokens } from '../tokens/broken.ts'
import { decodeToken } from '../tokens/decode.ts'
import { type LabAlgorithm, labAlgorithms, LabKeys } from '../tokens/lab-keys.ts'
import { signToken } from '../tokens/sign.ts'
import { TokenTrial } from '../tokens/try-tokens.ts'
import { visible } from '../visible.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { evidenceText } from '../evidence.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, loadSound, workspaceFolder } from './load.ts'
import { type BindingOptions, confirmationFor, printCertificate, printProof } from './token-binding.ts'
import { got, openSending } from './token-sending.ts'

export const token = defineCommand({
  usage: 'token decode|mint|proof|certificate|try [token|name|"GET url"] [--workspace folder]',
  about: `Takes a token apart, makes one, or tries the classic broken ones on a request. decode reads the token from the
argument or stdin, says what is in it and which policies of the workspace, where there is one, would take it; it is
sent nowhere. mint signs claims with the keys of the local issuer, which no gateway trusts by itself; bound, where that
is asked for, to a DPoP key, whose proofs proof makes, or to a client certificate that certificate made. try judges the
right token and the broken ones by the whole chain of a route, with the local issuer trusted, and sends nothing; with
--send it sends each through a gateway of its own too. Exit code 1: no policy takes the token, a broken one got through,
or the right one did not.`,
  options: {
    workspace: {
      type: 'string',
      short: 'w',
      value: 'folder',
      help: 'Folder of the workspace; the current one without it.',
    },
    claims: {
      type: 'string',
      short: 'c',
      value: 'json',
      help: 'Claims of the token; those given replace what its policy wants.',
    },
    algorithm: { type: 'string', value: 'name', help: `One of ${labAlgorithms.join(', ')}.` },
    lifetime: {
      type: 'string',
      value: 'time',
      help: 'How long a minted token is valid, for example 10m (default), 1h.',
    },
    header: { type: 'string', value: 'json', help: 'Header parameters of a minted token, in the place of its own.' },
    dpop: { type: 'boolean', help: 'Bind a minted token to the DPoP key of the lab.' },
    certificate: { type: 'string', value: 'name', help: 'Bind a minted token to this client certificate.' },
    token: { type: 'string', value: 'token', help: 'What a proof goes with (ath).' },
    nonce: { type: 'string', value: 'text', help: 'What the server wants to see in a proof.' },
    send: { type: 'boolean', help: 'Of try, send each token through a gateway that takes those of the lab, too.' },
    request: { type: 'string', short: 'r', value: '"GET /path"', help: 'What try judges the tokens with.' },
  },
  words: 2,
  examples: [
    ['token decode eyJhbGciOi…', 'what it says, and who would take it'],
    [`token mint -c '{"sub":"anna","roles":["admin"]}'`, 'a token on stdout and nothing else'],
    ['token mint --dpop', 'bound to a key: whoever uses it proves to have it'],
    ['token proof "GET http://127.0.0.1:8080/books" --token eyJ…', 'such a proof'],
    ['token certificate anna', 'a client certificate of the local CA'],
    ['token try -r "GET /books"', 'thirty broken tokens, each with the policy that refuses it'],
  ],
  json: `decode: {decoded: {form, header, claims, times, malformed?}, policies: [{policy, accepted, code?, evidence, position}]};
mint: {token, claims}; proof: {proof}; certificate: {certificate, key, thumbprint}; try: {request, rows: [{id, title,
looksFor, passes, verdict, status, decidedBy?, code?, sent?: {status, policy?, code?, problem?}}], taken: [id]}`,
  async run({ options, words, io }) {
    const [action, given] = words
    const folder = workspaceFolder(io, options.workspace)
    if (action === 'decode') {
      const text = given ?? (io.stdin.isTTY ? '' : await readAll(io.stdin))
      if (text.trim() === '') throw new CannotRun('which token?', 'write it behind decode, or pipe it in')
      const known = options.workspace !== undefined || isWorkspace(io, '.')
      return decode(io, folder, text, { known, json: options.json === true })
    }
    if (action === 'mint') return mint(io, folder, options)
    if (action === 'proof') return printProof(io, await LabKeys.of(folder), given, options)
    if (action === 'certificate') return printCertificate(io, folder, given, options.json === true)
    if (action === 'try') return tryAll(io, folder, options)
    throw new CannotRun(
      action === undefined ? 'what about tokens?' : `there is no "token ${visible(action, 40)}"`,
      'write token decode, mint, proof, certificate or try',
    )
  },
})

interface Options extends BindingOptions {
  header?: string
  send?: boolean
  claims?: string
  algorithm?: string
  lifetime?: string
  request?: string
  json?: boolean
}

/** Without a workspace (`known`) the token is only taken apart. */
async function decode(
  io: Io,
  folder: string,
  text: string,
  { known, json }: { known: boolean; json: boolean },
): Promise<ExitCode> {
  const decoded = decodeToken(text, Date.now())
  const policies = known ? await policiesFor(io, folder, text) : []
  if (json) printJson(io, { decoded, policies })
  else {
    if (decoded.malformed) io.print(io.paint('yellow', `a gateway refuses it: ${visible(decoded.malformed, 200)}`))
    for (const part of ['header', 'claims'] as const) {
      if (!decoded[part]) continue
      io.print(io.paint('bold', part))
      for (const [name, value] of Object.entries(decoded[part])) {
        const time = decoded.times.find((one) => one.name === name)
        io.print(
          `  ${visible(name, 60)}: ${visible(JSON.stringify(value), 400)}${time?.at ? `  (${time.relative})` : ''}`,
        )
      }
    }
    for (const answer of policies) io.print(acceptanceText(answer, io))
  }
  if (!known) io.tell('no workspace here, so no policy was asked: name one with --workspace')
  return !known || policies.some(({ accepted }) => accepted) ? 0 : 1
}

async function policiesFor(io: Io, folder: string, text: string): Promise<Acceptance[]> {
  const { workspace, facts } = await setUp(io, folder)
  return acceptances(workspace, text.trim().replace(/^bearer\s+/i, ''), facts)
}

function acceptanceText({ policy, position, accepted, code, evidence }: Acceptance, io: Io): string {
  const where = io.paint('dim', `${position.file}:${position.line}`)
  if (accepted) return `${io.paint('green', '● takes it')}    ${visible(policy, 120)}  ${where}`
  const why = evidence.length > 0 ? `: ${evidenceText(evidence[0]!)}` : ''
  return `${io.paint('red', '✕ refuses it')}  ${visible(policy, 120)}  ${where}\n    ${code ?? ''}${why}`
}

async function mint(io: Io, folder: string, options: Options): Promise<ExitCode> {
  const { workspace, keys } = await setUp(io, folder)
  const algorithm = algorithmOf(options, workspace)
  const confirmation = await confirmationFor(folder, keys, options)
  const claims = { ...claimsFor(options, workspace), ...(confirmation && { cnf: confirmation }) }
  const header = jsonOf(options.header ?? '{}', 'header')
  const made = signToken({ header, claims }, algorithm, keys)
  if (options.json) printJson(io, { token: made, claims })
  else io.print(made)
  return 0
}

async function tryAll(io: Io, folder: string, options: Options): Promise<ExitCode> {
  const { workspace, keys, facts } = await setUp(io, folder)
  await facts.keySets.lend(keys.jwks())
  const said = (options.request ?? '/').trim().split(/\s+/)
  const [method, target] = said.length === 1 ? ['GET', said[0]!] : (said as [string, string])
  if (!target.startsWith('/')) throw new CannotRun(`${visible(target, 100)} is no path`, 'write --request "GET /books"')
  const algorithm = algorithmOf(options, workspace)
  const parts = { header: {}, claims: claimsFor(options, workspace) }
  const peer = { address: '127.0.0.1', port: 0 }
  const trial = new TokenTrial(workspace, facts, {
    method,
    target,
    scheme: 'http',
    headers: ['Host', 'localhost'],
    peer,
  })
  const right = {
    id: 'right',
    title: 'the right token',
    looksFor: 'It is to pass.',
    token: signToken(parts, algorithm, keys),
  }
  const broken = brokenTokens({ parts, algorithm, keys, issuerKeys: keys.jwks(), now: Date.now() })
  const rows = []
  const send = options.send ? await openSending(io, workspace, keys) : undefined
  try {
    for (const { token: text, ...about } of [right, ...broken]) {
      const judged = await trial.judge(text)
      const sent = await send?.of(trial.request(text))
      rows.push({ ...about, ...judged, ...(sent && { sent }) })
    }
  } finally {
    await send?.close()
  }
  const request = `${method} ${target}`
  if (await trial.isUnread(rows)) {
    throw new CannotRun(
      `no policy reads a token of ${visible(request, 200)}: it passes without any`,
      'name a request whose route wants one: --request "GET /books"',
    )
  }
  const taken = rows.filter(({ id, passes, sent }) => id !== 'right' && (passes || got(sent))).map(({ id }) => id)
  if (options.json) printJson(io, { request, rows, taken })
  else {
    for (const { title, passes, status, decidedBy, code, looksFor, id, sent } of rows) {
      const good = passes === (id === 'right') && (!sent || got(sent) === (id === 'right'))
      const judged = passes ? `passes (${status})` : `${status} ${visible(decidedBy ?? '', 80)} ${code ?? ''}`
      const said = sent ? `${judged}  sent: ${visible(sent.problem ?? String(sent.status), 100)}` : judged
      io.print(
        `${io.paint(good ? 'green' : 'red', good ? '✓' : '✕')} ${title.padEnd(46)} ${said}${good ? '' : `  ${looksFor}`}`,
      )
    }
    if (!rows[0]!.passes) io.tell(io.paintError('yellow', 'the right token is refused too, so the others say little'))
    const sum = `${taken.length} of ${broken.length} broken tokens got through on ${visible(request, 200)}`
    io.print(io.paint(taken.length > 0 ? 'red' : 'green', sum))
  }
  return taken.length > 0 || !rows[0]!.passes ? 1 : 0
}

type Loaded = Awaited<ReturnType<typeof setUp>>['workspace']

async function setUp(io: Io, folder: string) {
  const workspace = await loadSound(io, folder)
  const facts = createLiveFacts({ key: await loadWorkspaceKey(folder, io.env) })
  return { workspace, facts, keys: await LabKeys.of(folder) }
}

function algorithmOf({ algorithm }: Options, workspace: Loaded): LabAlgorithm {
  const wanted = tokenPolicies(workspace)[0]?.rules.issuers[0]?.algorithms
  if (algorithm === undefined) return labAlgorithms.find((one) => !wanted || wanted.includes(one)) ?? 'RS256'
  const known = labAlgorithms.find((one) => one === algorithm)
  if (known) return known
  throw new CannotRun(
    `the lab does not sign with ${visible(algorithm, 20)}`,
    `write one of ${labAlgorithms.join(', ')}`,
  )
}

/** What the first policy wants, with what is given instead. */
function claimsFor({ claims = '{}', lifetime = '10m' }: Options, workspace: Loaded): Record<string, unknown> {
  const given = jsonOf(claims, 'claims')
  const lifetimeMs = parseDuration(lifetime)
  if (lifetimeMs === undefined) throw new CannotRun(`${visible(lifetime, 20)} is no time`, 'write 10m, 1h or 30s')
  const rules = tokenPolicies(workspace)[0]?.rules
  const issuer = rules?.issuers[0]
  const now = Math.floor(Date.now() / 1000)
  return {
    ...(issuer?.name !== undefined && { iss: issuer.name }),
    ...(issuer?.audience[0] !== undefined && { aud: issuer.audience[0] }),
    sub: 'token-lab',
    ...(rules && rules.scopes.length > 0 && { scope: rules.scopes.join(' ') }),
    iat: now,
    exp: now + Math.floor(lifetimeMs / 1000),
    ...given,
  }
}

function jsonOf(text: string, option: 'claims' | 'header'): Record<string, unknown> {
  let given: unknown
  try {
    given = JSON.parse(text)
  } catch (error) {
    const example = option === 'claims' ? '{"sub":"anna"}' : '{"kid":"other"}'
    throw new CannotRun(`--${option} is no JSON: ${(error as Error).message}`, `write --${option} '${example}'`)
  }
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return given as Record<string, unknown>
  throw new CannotRun(`--${option} is no JSON object`)
}
