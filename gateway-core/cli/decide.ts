import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { Workspace } from '../config/workspace.ts'
import type { Judgement } from '../proxy/judge-request.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { type Difference, firstDifference } from '../rejudge/first-difference.ts'
import { instanceName } from './exchange-line.ts'
import { fillHttpText } from './fill-http-file.ts'
import type { FileRequest } from './file-request.ts'
import { readHarRequests } from './har-requests.ts'
import { readHttpFile, readHttpResponse } from './http-file.ts'
import { type Io, printJson } from './io.ts'
import { judgeFile } from './judge-file.ts'
import { loadSound, positionsIn, workspaceFolder } from './load.ts'
import { type PrintedStep, printedStep, traceTable } from './trace-table.ts'
import { visible } from '../visible.ts'

export const decide = defineCommand({
  usage: 'decide [workspace] --request <file.http|file.har|-> [--env name] [--now time]',
  about: `Judges requests without sending them: the same parser, router, policies and runner as the gateway's. Keys of
issuers are fetched; limits start fresh and count over the file. With a response in the file (or --response) the
response policies are judged too. With two --env the first step in which they differ is shown.
Exit code 0 when all would pass (and two environments agree), 1 when one is denied (or they differ), 2 when it could
not judge.`,
  options: {
    request: {
      type: 'string',
      short: 'r',
      value: 'file',
      help: 'A .http file (requests separated by ###), a .har file, or - for stdin.',
    },
    response: {
      type: 'string',
      value: 'file',
      help: 'What the upstream would answer: HTTP/1.1 200 OK, headers, body.',
    },
    now: { type: 'string', value: 'time', help: 'Judge at this time: 2026-03-01T12:00:00Z.' },
    env: { type: 'string', multiple: true, value: 'name', help: 'Environment; twice: compare the two.' },
  },
  words: 1,
  examples: [
    ['decide samples/bookshop --request request.http', 'a request line, headers, an empty line, a body'],
    ["decide samples/bookshop -r - <<< 'GET /books/1'", 'from stdin'],
    ['decide samples/bookshop -r request.http --env local --env staging', 'where the two first differ'],
  ],
  json: `{verdict, status, decidedBy, code, trace: [{policy, type, phase, verdict, code, evidence, micros,
  position: {file, line, column}}]}; a list of these for several requests. With two --env:
  {environments: {a: …, b: …}, firstDifference: {step, field, a, b, fact?} or null}`,
  async run({ options, words, io }) {
    if (options.request === undefined) {
      throw new CannotRun('which request? --request is missing', 'write --request file.http, file.har or -')
    }
    const now = options.now === undefined ? undefined : timeOf(options.now)
    const requests = await readRequests(io, options.request, workspaceFolder(io, words[0]))
    if (options.response !== undefined) addResponse(io, requests, options.response)
    const environments = options.env ?? []
    if (environments.length > 2) throw new CannotRun('more than two --env', 'compare two at a time')
    if (environments.length === 2) {
      const [a, b] = environments as [string, string]
      return compareEnvironments(io, words[0], requests, { a, b }, now ?? Date.now(), options.json === true)
    }
    const workspace = await loadSound(io, words[0], { environment: environments[0] })
    const judgements = await judgeFile(workspace, requests, { env: io.env, now })
    if (options.json) printJson(io, single(judgements.map(printed)))
    else for (const [at, judgement] of judgements.entries()) print(io, workspace, requests[at]!, judgement)
    return exitCode(judgements)
  },
})

/** What `--json` prints of one judgement. */
export interface PrintedJudgement {
  verdict: Judgement['verdict']
  status: number
  decidedBy: string | null
  code: string | null
  trace: PrintedStep[]
}

function printed({ verdict, status, decidedBy, code, trace }: Judgement): PrintedJudgement {
  return { verdict, status, decidedBy: decidedBy ?? null, code: code ?? null, trace: trace.map(printedStep) }
}

function single<T>(list: readonly T[]): T | readonly T[] {
  return list.length === 1 ? list[0]! : list
}

function exitCode(judgements: readonly Judgement[]): ExitCode {
  return judgements.every(({ verdict }) => verdict === 'pass' || verdict === 'respond') ? 0 : 1
}

function timeOf(text: string): number {
  const time = Date.parse(text)
  if (Number.isFinite(time)) return time
  throw new CannotRun(`--now ${visible(text, 40)} is no time`, 'write it like 2026-03-01T12:00:00Z')
}

async function readRequests(io: Io, name: string, folder: string): Promise<FileRequest[]> {
  const text = name === '-' ? await readAll(io.stdin) : readFile(io, name)
  const shown = name === '-' ? 'stdin' : visible(name, 200)
  const har = /\.(?:har|json)$/i.test(name) || (name === '-' && /^\s*\{/.test(text))
  const requests = har ? readHarRequests(text, shown) : readHttpFile(await fillHttpText(text, shown, folder, io), shown)
  if (requests.length === 0) throw new CannotRun(`${shown} holds no request`)
  return requests
}

function addResponse(io: Io, requests: readonly FileRequest[], name: string): void {
  if (requests.length > 1) throw new CannotRun('--response goes with one request', 'put responses into the .http file')
  requests[0]!.response = readHttpResponse(readFile(io, name), visible(name, 200))
}

function readFile(io: Io, name: string): string {
  try {
    return readFileSync(resolve(io.cwd, name), 'utf8')
  } catch (error) {
    throw new CannotRun(`${visible(name, 200)} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function print(io: Io, workspace: Workspace, request: FileRequest, judgement: Judgement): void {
  const { paint } = io
  const { verdict, status, exchange, detail } = judgement
  const good = verdict === 'pass' || verdict === 'respond'
  const by = judgement.decidedBy === undefined ? '' : ` by ${visible(instanceName(judgement.decidedBy), 60)}`
  const code = judgement.code ? ` ${judgement.code}` : ''
  const words = { pass: 'would pass', deny: 'denied', respond: 'answered', refused: 'refused by the gateway' }
  const word = verdict in words ? words[verdict as keyof typeof words] : verdict
  const answer = `${paint(good ? 'green' : 'red', `${good ? '●' : '✕'} ${status} ${word}${by}`)}${code}`
  io.print(`${paint('bold', visible(`${request.method} ${request.target}`, 200))}  ${answer}`)
  if (detail !== undefined) io.print(`  ${visible(detail, 300)}`)
  const route = exchange?.route
  if (route)
    io.print(`  route ${visible(route.id, 200)}${route.upstream ? ` → upstream ${visible(route.upstream, 60)}` : ''}`)
  if (exchange) for (const line of traceTable(judgement.trace, paint, positionsIn(io, workspace.folder))) io.print(line)
  io.print('')
}

async function compareEnvironments(
  io: Io,
  name: string | undefined,
  requests: readonly FileRequest[],
  environments: { a: string; b: string },
  now: number,
  json: boolean,
): Promise<ExitCode> {
  const workspaces = {
    a: await loadSound(io, name, { environment: environments.a }),
    b: await loadSound(io, name, { environment: environments.b }),
  }
  const a = await judgeFile(workspaces.a, requests, { env: io.env, now })
  const b = await judgeFile(workspaces.b, requests, { env: io.env, now })
  const differences = requests.map((_, at) => firstDifference(a[at]!, b[at]!))
  if (json) {
    const pairs = requests.map((_, at) => ({
      environments: { [environments.a]: printed(a[at]!), [environments.b]: printed(b[at]!) },
      firstDifference: differences[at]!,
    }))
    printJson(io, single(pairs))
  } else {
    for (const [at, request] of requests.entries()) {
      for (const [side, judgement] of [
        ['a', a[at]!],
        ['b', b[at]!],
      ] as const) {
        io.print(io.paint('bold', environments[side]))
        print(io, workspaces[side], request, judgement)
      }
      io.print(differenceText(environments, differences[at]!))
    }
  }
  return differences.some((difference) => difference !== null) ? 1 : 0
}

function show(value: unknown): string {
  return visible(JSON.stringify(value), 300)
}

function differenceText(names: { a: string; b: string }, difference: Difference | null): string {
  if (!difference) return `${names.a} and ${names.b} agree`
  const { step, field, a, b, fact } = difference
  const lines = [
    `first difference: ${visible(step, 200)}, ${field}`,
    `  ${names.a}: ${show(a)}`,
    `  ${names.b}: ${show(b)}`,
  ]
  if (fact)
    lines.push(`  fact ${visible(fact.key, 200)}`, `    ${names.a}: ${show(fact.a)}`, `    ${names.b}: ${show(fact.b)}`)
  return lines.join('\n')
}
