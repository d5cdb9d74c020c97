import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { workspaceFile } from '../config/load.ts'
import { parseFilter } from '../filter/grammar.ts'
import { type Filter, FilterError } from '../filter/syntax.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { visible } from '../visible.ts'
import { numberOption } from './arguments.ts'
import { CannotRun, defineCommand } from './command.ts'
import { isWorkspace, loadSound } from './load.ts'
import { replayRace } from './replay-race.ts'
import { replaySequence } from './replay-sequence.ts'
import { replayTraffic } from './replay-traffic.ts'

export const replay = defineCommand({
  usage:
    'replay [workspace] <sequence.yaml|requests.http|traffic.har|capture> [--to gateway|upstream|url] [--junit file]',
  about: `Runs a sequence of requests with its captures and assertions, sends the requests of a .http file one after the
other, or sends recorded traffic again (a HAR, or "capture" for what this workspace recorded) and compares what is
decided now with what was decided then. Requests go through the gateway that runs on the workspace, or one that is
started for it.
Exit code 0 when everything passed or was decided alike, 1 when a step failed or a decision differs, 2 when it could not run.`,
  options: {
    to: {
      type: 'string',
      value: 'gateway|upstream|url',
      help: 'Where requests go; url: to the server that each names.',
    },
    env: { type: 'string', value: 'name', help: 'Another environment of the workspace, on a gateway of its own.' },
    var: {
      type: 'string',
      multiple: true,
      value: 'name=value',
      help: 'Of a sequence or a .http file, a value of {{name}}, before those of files and tables.',
    },
    race: {
      type: 'string',
      value: 'n',
      help: 'Of a .http file, n copies at once: over HTTP/1.1 their last bytes together, with --http2 in one packet.',
    },
    http2: { type: 'boolean', help: 'Race over HTTP/2.' },
    whole: { type: 'boolean', help: 'Race whole requests, not only their ends: for what decides at their head.' },
    query: { type: 'string', value: 'query', help: 'Of recorded traffic, only what matches: status:403 path~^/books' },
    pace: { type: 'string', value: 'recorded|2x|max', help: 'Of recorded traffic; default: max.' },
    concurrency: { type: 'string', value: 'n', help: 'Of recorded traffic, requests at once; default: 8.' },
    header: {
      type: 'string',
      short: 'H',
      multiple: true,
      value: 'field',
      help: 'Of recorded traffic, another value where a request has this field: -H "Authorization: Bearer $TOKEN"',
    },
    junit: {
      type: 'string',
      value: 'file',
      help: 'Write a JUnit report (XML) too: a case for each step, or recorded exchange.',
    },
    unsafe: { type: 'boolean', help: 'Of recorded traffic, send methods that may change something too.' },
  },
  words: 2,
  examples: [
    ['replay samples/bookshop sequences/orders.yaml', 'run a sequence'],
    ['replay samples/bookshop sequences/orders.yaml --junit report.xml', 'for a build'],
    ['replay samples/bookshop requests/books.http --env staging', 'the requests of a file, by staging policies'],
    ['replay samples/bookshop requests/books.http --var user=anna', 'with another value of {{user}}'],
    ['replay samples/bookshop capture --query "path~^/books" --pace 2x', 'recorded traffic, twice as fast'],
    ['replay samples/bookshop requests/books.http --race 20', 'do copies that come at once see the same?'],
    ['replay samples/bookshop traffic.har --junit report.xml', 'for a build: what is decided otherwise fails'],
  ],
  json: `of a sequence: {name, path, rows, passed, failed, skipped, milliseconds, steps: [{row, step, name, line, state, method,
url, status, micros, exchange, decided, assertions: [{line, says, passed, found}], captured, problem}]}; of traffic: {exchanges,
sent, same, newlyDenied, newlyAllowed, otherPolicy, otherStatus, failed, leftOut: [{reason, exchanges}], milliseconds,
changes: [{id, now, method, url, relation, before, after}], more}; of a race: {technique, address, copies, sentSpread,
answeredSpread, groups: [{status, copies, length, sample, decided, exchange}], problems}`,
  async run({ options, words, io }) {
    const rest = [...words]
    const place = rest.length > 1 || (rest[0] !== undefined && isFolder(io.cwd, rest[0])) ? rest.shift() : undefined
    const [what] = rest
    if (what === undefined) throw new CannotRun('what to replay? A file is needed, or the word capture')
    const via = viaOf(options.to)
    const recorded = what === 'capture' || /\.har$/i.test(what)
    const file = what === 'capture' ? undefined : fileOf(io.cwd, place, what)
    const found = place ?? (file === undefined ? undefined : workspaceAround(file))
    if (place !== undefined && !isWorkspace(io, place)) throw new CannotRun(`${visible(place, 200)} is no workspace`)
    const workspace = await loadSound(io, found, options.env === undefined ? {} : { environment: options.env })
    const { junit } = options
    if (junit !== undefined && options.race !== undefined) {
      throw new CannotRun('--junit goes with sequences and recorded traffic, not with a race', 'take --json')
    }
    const stop = new AbortController()
    const interrupt = () => stop.abort()
    process.once('SIGINT', interrupt)
    const common = { io, workspace, json: options.json === true, signal: stop.signal }
    const variables = new Map((options.var ?? []).map(variableOf))
    if (recorded && variables.size > 0) throw new CannotRun('--var goes with a sequence or a .http file')
    try {
      if (options.race !== undefined) {
        if (recorded || !/\.(?:http|rest)$/.test(what)) throw new CannotRun('only requests of a .http file race')
        const target: ReplayTarget = { via: via ?? 'gateway', ...(options.env && { environment: options.env }) }
        const copies = numberOption('race', options.race, 2, 200)
        const { http2 = false, whole = false } = options
        return await replayRace({ ...common, file: file!, target, variables, copies, http2, whole })
      }
      if (!recorded) {
        return await replaySequence({ ...common, file: file!, to: via, environment: options.env, variables, junit })
      }
      const target: ReplayTarget = { via: via ?? 'gateway', ...(options.env && { environment: options.env }) }
      return await replayTraffic({
        ...common,
        file,
        target,
        query: queryOf(options.query),
        pace: options.pace ?? 'max',
        concurrency: options.concurrency === undefined ? 8 : numberOption('concurrency', options.concurrency, 1, 256),
        unsafe: options.unsafe === true,
        headers: (options.header ?? []).map(fieldOf),
        junit,
      })
    } catch (error) {
      if (!(error instanceof ReplayError)) throw error
      throw new CannotRun(error.where === undefined ? error.message : `${error.where}: ${error.message}`, error.todo)
    } finally {
      process.off('SIGINT', interrupt)
    }
  },
})

function isFolder(cwd: string, word: string): boolean {
  return existsSync(resolve(cwd, word, workspaceFile))
}

/** Beside the person, or in the workspace. */
function fileOf(cwd: string, place: string | undefined, what: string): string {
  const places = [resolve(cwd, what), ...(place === undefined ? [] : [resolve(cwd, place, what)])]
  const found = places.find((one) => existsSync(one))
  if (found) return found
  throw new CannotRun(
    `there is no file ${visible(what, 200)}`,
    'name a sequence, a .http file, a HAR, or the word capture',
  )
}

/** The workspace that a file lies in; undefined leaves the current folder. */
function workspaceAround(file: string): string | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(resolve(folder, workspaceFile))) return folder
    if (folder === dirname(folder)) return undefined
  }
}

function viaOf(written: string | undefined): ReplayTarget['via'] | undefined {
  if (written === undefined || written === 'gateway' || written === 'upstream' || written === 'url') return written
  if (written === 'env') return 'gateway'
  throw new CannotRun(`--to ${visible(written, 40)}`, 'write gateway, upstream or url')
}

function fieldOf(text: string): [string, string] {
  const colon = text.indexOf(':')
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
  throw new CannotRun(`-H ${visible(text, 60)} is no header field`, 'write it like -H "Authorization: Bearer …"')
}

function variableOf(text: string): [string, string] {
  const equals = text.indexOf('=')
  if (equals > 0) return [text.slice(0, equals).trim(), text.slice(equals + 1)]
  throw new CannotRun(`--var ${visible(text, 60)} is no value`, 'write it like --var user=anna')
}

function queryOf(text: string | undefined): Filter {
  try {
    return parseFilter(text ?? '')
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw new CannotRun(`--query cannot be read at character ${error.offset + 1}: ${error.message}`, error.suggestion)
  }
}
