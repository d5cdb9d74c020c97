import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import { numberOption } from './arguments.ts'
import { CannotRun, defineCommand } from './command.ts'
import { exchangeLines } from './exchange-line.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, loadSound, positionsIn } from './load.ts'
import { openGateway } from '../workbench/open-gateway.ts'
import { findRunningGateway } from '../workbench/running-gateway.ts'
import { findRecord } from './send-trace.ts'
import { upstreamAddress } from './send-upstream.ts'
import { type Answer, sendOnce, type Sending } from '../workbench/send-request.ts'
import { printedStep, traceTable } from './trace-table.ts'
import { visible, visibleLines } from '../visible.ts'

export const send = defineCommand({
  usage: 'send [workspace] <METHOD> <path|url> [-H field]… [-d body] [--to gateway|upstream]',
  about: `Sends a real request, through the gateway that runs on the workspace (or one that is started for it), and
prints the response and what each policy decided. Headers go out in the order and case written.
Exit code 0 when a response below 400 came, 1 with a higher status, 2 when none came.`,
  options: {
    header: { type: 'string', short: 'H', multiple: true, value: 'field', help: 'Header field, `Accept: text/html`.' },
    data: { type: 'string', short: 'd', value: 'body', help: 'Body; @file reads it from a file, @- from stdin.' },
    to: { type: 'string', value: 'gateway|upstream', help: 'Past the gateway, straight to the upstream of the route.' },
    repeat: { type: 'string', value: 'n', help: 'Send it n times, one after the other.' },
    env: { type: 'string', value: 'name', help: 'Environment, where a gateway has to be started.' },
  },
  words: 3,
  examples: [
    ['send samples/bookshop GET /books/1 -H "Authorization: Bearer $TOKEN"', 'response and trace'],
    ['send samples/bookshop PATCH /books/1 -d \'{"priceCents":499}\'', 'with a body'],
    ['send samples/bookshop GET /books --repeat 20', 'until the limit is reached'],
  ],
  json: `{status, reason, headers: [[name, value]], body, exchange: {id, verdict, status, decidedBy, code, trace} or null};
a list of these with --repeat`,
  async run({ options, words, io }) {
    const rest = [...words]
    const place = rest.length > 2 || (rest[0] !== undefined && isWorkspace(io, rest[0])) ? rest.shift() : undefined
    const [method, address] = rest
    if (method === undefined || address === undefined) {
      throw new CannotRun('what to send? A method and a path are needed', 'write it like: send GET /books/1')
    }
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(method)) throw new CannotRun(`${visible(method, 40)} is no HTTP method`)
    const to = options.to ?? 'gateway'
    if (to !== 'gateway' && to !== 'upstream')
      throw new CannotRun(`--to ${visible(to, 40)}`, 'write gateway or upstream')
    const times = options.repeat === undefined ? 1 : numberOption('repeat', options.repeat, 1, 100_000)
    const workspace = await loadSound(io, place, { environment: options.env })
    const sending: Sending = {
      method,
      address,
      fields: (options.header ?? []).map((text) => fieldOf(text)),
      body: await bodyOf(io, options.data),
    }
    const way = to === 'upstream' ? pastGateway(workspace, sending) : await throughGateway(io, workspace)
    const printed: object[] = []
    let worst = 0
    try {
      for (let time = 0; time < times; time++) {
        const answer = await sendOnce(way.url, way.sending ?? sending, way.localCa === true)
        const record = await way.record(answer)
        worst = Math.max(worst, answer.status)
        if (options.json) printed.push(printedAnswer(answer, record))
        else printAnswer(io, workspace, answer, record)
      }
    } finally {
      await way.close()
    }
    if (options.json) printJson(io, options.repeat === undefined ? printed[0] : printed)
    return worst < 400 ? 0 : 1
  },
})

interface Way {
  url: string
  /** What goes out there, where it is not what was asked for. */
  sending?: Sending
  /** The other end is the gateway, whose certificate may come from its local CA. */
  localCa?: boolean
  /** What was recorded of an exchange. */
  record(answer: Answer): Promise<ExchangeRecord | undefined>
  close(): Promise<void>
}

function pastGateway(workspace: Workspace, sending: Sending): Way {
  const { url, target } = upstreamAddress(workspace, sending)
  const record = async () => undefined
  return { url, sending: { ...sending, address: target }, record, close: async () => undefined }
}

async function throughGateway(io: Io, workspace: Workspace): Promise<Way> {
  const running = findRunningGateway(workspace.folder)
  const url = running?.http ?? running?.https
  if (url !== undefined) {
    const record = (answer: Answer) => findRecord(workspace, io.env, answer)
    return { url, localCa: true, record, close: async () => undefined }
  }
  const records: ExchangeRecord[] = []
  const listen = { http: { host: '127.0.0.1', port: 0 }, https: undefined }
  const opened = await openGateway({
    workspace: { ...workspace, listen },
    env: io.env,
    capture: workspace.capture.enabled,
    onExchange: (record) => records.push(record),
    onTrouble: (message) => io.tell(visible(message, 500)),
  })
  io.tell('no gateway runs on this workspace: one was started for this request')
  return {
    url: opened.gateway.addresses.http!.url,
    async record({ localPort }) {
      // The record is made when the response has left, which the client may see first.
      for (let wait = 0; wait < 50; wait++) {
        const found = records.find(({ peer }) => peer.port === localPort)
        if (found) return found
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return undefined
    },
    close: () => opened.close(1000),
  }
}

function fieldOf(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  throw new CannotRun(`-H ${visible(text, 60)} is no header field`, 'write it like -H "Accept: text/html"')
}

async function bodyOf(io: Io, data: string | undefined): Promise<Buffer | undefined> {
  if (data === undefined) return undefined
  if (data === '@-') return Buffer.from(await readAll(io.stdin))
  if (!data.startsWith('@')) return Buffer.from(data)
  try {
    return readFileSync(resolve(io.cwd, data.slice(1)))
  } catch (error) {
    throw new CannotRun(`${visible(data.slice(1), 200)} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
}

function printedAnswer(answer: Answer, record: ExchangeRecord | undefined): object {
  const { status, reason, fields, body } = answer
  const exchange = record && {
    id: record.id,
    verdict: record.verdict,
    status: record.status,
    decidedBy: record.decidedBy ?? null,
    code: record.code ?? null,
    trace: record.trace.map(printedStep),
  }
  return { status, reason, headers: fields, body: body.toString('utf8'), exchange: exchange ?? null }
}

function printAnswer(io: Io, workspace: Workspace, answer: Answer, record: ExchangeRecord | undefined): void {
  const { paint } = io
  const { status, reason, fields, body } = answer
  const show = positionsIn(io, workspace.folder)
  io.print(paint(status < 400 ? 'green' : 'red', `HTTP/1.1 ${status} ${visible(reason)}`))
  for (const [name, value] of fields) io.print(`${visible(name, 100)}: ${visible(value, 2000)}`)
  const text = visibleLines(body.toString('utf8').slice(0, 10_000))
  if (text !== '') io.print(`\n${text}`)
  io.print('')
  if (!record) return
  for (const line of exchangeLines(record, paint, show)) io.print(line)
  for (const line of traceTable(record.trace, paint, show)) io.print(line)
  io.print(paint('dim', `exchange ${record.id}`))
}
