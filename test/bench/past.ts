import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { Agent, request as send } from 'undici'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { setSecret } from '../../gateway-core/config/secrets.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { WhatIfThread } from '../../gateway-core/rejudge/what-if-thread.ts'
import { version } from '../../gateway-core/version.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { startServices } from '../../samples/bookshop/services.ts'
import { median } from './compare.ts'

const sample = join(dirname(dirname(import.meta.dirname)), 'samples', 'bookshop')
const apiKey = 'mobile-app-key-0123456789abcdef'

/** How long judging the recorded past by an edit takes, in milliseconds of wall-clock. */
export interface PastResult {
  exchanges: number
  /** First question of a new thread: starting it, reading the capture. */
  coldMs: number
  /** The state of the counters at a moment: the first one asked for, and others. */
  momentMs: { first: number; next: number }
  edits: { edit: string; firstMs: number; wholeMs: number; changed: number; reused: number }[]
}

/** Edits as a person would try them: [what, file, from, to]. */
const edits = [
  ['a remark', 'gatehouse.yaml', 'name: bookshop', 'name: bookshop # ours'],
  [
    'a role of one route',
    'gatehouse.yaml',
    'reader: [GET], editor: [GET, PATCH]',
    'reader: [GET, PATCH], editor: [GET]',
  ],
  ['an algorithm of tokens', 'gatehouse.yaml', 'algorithms: [RS256]', 'algorithms: [RS256, ES256]'],
  ['a network for all', 'gatehouse.yaml', '10.0.0.0/8,', '10.0.0.0/14,'],
  ['a limit', 'policies/limits.yaml', 'limit: 1000000', 'limit: 900000'],
  ['headers of every response', 'gatehouse.yaml', 'existing: overwrite, ', ''],
] as const

/** Records so many exchanges of the bookshop's chain, then judges them again by edits. */
export async function measurePast(
  exchanges: number,
  { folder, say }: { folder: string; say: (text: string) => void },
): Promise<PastResult> {
  const own = join(folder, 'past')
  mkdirSync(own)
  await record(own, exchanges, say)
  const texts = new Map(edits.map(([, file]) => [file, readFileSync(join(own, file), 'utf8')]))
  const key = await loadWorkspaceKey(own, {})
  const thread = new WhatIfThread({ folder: own, key, env: {}, engineVersion: version })
  const ask = async (candidate: Record<string, string>) => {
    const begun = performance.now()
    let first: number | undefined
    const report = await thread.judge({ candidate }, { onProgress: () => (first ??= performance.now() - begun) })
    return { firstMs: first!, wholeMs: performance.now() - begun, report }
  }
  try {
    const { wholeMs: coldMs } = await ask({})
    const results: PastResult['edits'] = []
    for (const [edit, file, from, to] of edits) {
      const text = texts.get(file)!
      if (!text.includes(from)) throw new Error(`the bookshop has no "${from}" any more`)
      const candidate = { [file]: text.replace(from, to) }
      const runs: Awaited<ReturnType<typeof ask>>[] = []
      for (let run = 0; run < 5; run++) {
        // Another question between two, so that none is answered from what was just asked.
        await ask({})
        runs.push(await ask(candidate))
      }
      const { report } = runs[0]!
      say(`past: ${edit} judged`)
      results.push({
        edit,
        firstMs: median(runs.map(({ firstMs }) => firstMs)),
        wholeMs: median(runs.map(({ wholeMs }) => wholeMs)),
        changed: report.exchanges - report.same,
        reused: report.reused,
      })
    }
    const { from, to } = recordedTime(own)
    const moments: number[] = []
    for (const part of [1, 0.3, 0.7, 0.1, 0.9, 0.5]) {
      const begun = performance.now()
      await thread.stateAt(from + (to - from) * part)
      moments.push(performance.now() - begun)
    }
    const momentMs = { first: moments[0]!, next: median(moments.slice(1)) }
    return { exchanges, coldMs, momentMs, edits: results }
  } finally {
    thread.close()
  }
}

function recordedTime(folder: string): { from: number; to: number } {
  const captures = openCaptures(folder)
  const { oldest = 0, newest = 0 } = captures.stats()
  captures.close()
  return { from: oldest, to: newest }
}

async function record(folder: string, exchanges: number, say: (text: string) => void): Promise<void> {
  cpSync(sample, folder, { recursive: true, filter: (path) => !/\.gatehouse|secrets\.enc/.test(path) })
  const [upstreamPort, identityPort] = [await freePort(), await freePort()]
  const services = await startServices({ upstreamPort, identityPort, keyFile: join(folder, 'keys.json') })
  const rewrite = (file: string, change: (text: string) => string) =>
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')))
  const room = `\ncapture: { maxExchanges: ${exchanges * 2}, maxBytes: 4gb }\n`
  rewrite('gatehouse.yaml', (text) =>
    text
      .replaceAll(':9001', `:${upstreamPort}`)
      .replaceAll(':9100', `:${identityPort}`)
      .replace(':8080', ':0')
      .concat(room),
  )
  // As many as a benchmark sends would reach the limits at once, and measure denials.
  rewrite('policies/limits.yaml', (text) =>
    text.replace('limit: 60', 'limit: 1000000').replace('limit: 5000', 'limit: 100000000'),
  )
  await setSecret(folder, 'mobile-app-key', apiKey, await loadWorkspaceKey(folder, {}))
  const { workspace, problems } = await loadWorkspace(folder, { env: {} })
  if (!workspace) throw new Error(problems[0]?.message)
  const opened = await openGateway({ workspace, env: {}, capture: true, onTrouble: (trouble) => say(String(trouble)) })
  const agent = new Agent({ connections: 16 })
  try {
    const tokens = new Map<string, string>()
    for (const user of ['anna', 'ben', 'carla']) {
      tokens.set(user, await (await fetch(`http://127.0.0.1:${identityPort}/dev/token/${user}`)).text())
    }
    const { url } = opened.gateway.addresses.http!
    let next = 0
    const client = async () => {
      for (let at = next++; at < exchanges; at = next++) {
        const [method, path, who, body] = requests[at % requests.length]!
        const token = tokens.get(who)
        const headers = {
          'X-Forwarded-For': `10.0.${at % 7}.${at % 250}`,
          ...(token !== undefined && { Authorization: `Bearer ${token}` }),
          ...(who === 'key' && { 'X-API-Key': apiKey }),
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
        }
        const answer = await send(url + path, { method, headers, body: body ?? null, dispatcher: agent })
        await answer.body.dump()
      }
    }
    await Promise.all(Array.from({ length: 16 }, client))
    await opened.flush()
    say(`past: ${exchanges} exchanges recorded`)
  } finally {
    await agent.close()
    await opened.close(500)
    await services.close()
  }
}

type Who = 'anna' | 'ben' | 'carla' | 'key' | 'nobody'
const requests: readonly (readonly [method: 'GET' | 'PATCH' | 'POST', path: string, who: Who, body?: string])[] = [
  ...Array.from({ length: 12 }, (_, at) => ['GET', `/books/${at + 1}`, 'ben'] as const),
  ['GET', '/books', 'key'],
  ['GET', '/books?limit=5', 'anna'],
  ['GET', '/books?limit=-1', 'anna'],
  ['GET', '/books', 'nobody'],
  ['PATCH', '/books/1', 'ben', '{"priceCents":499}'],
  ['PATCH', '/books/1', 'anna', '{"priceCents":499}'],
  ['GET', '/search?q=whale', 'carla'],
  ['POST', '/books/1/reviews', 'ben', '{"rating":5,"text":"nice"}'],
  ['GET', '/orders/1001', 'anna'],
  ['GET', '/users/me', 'carla'],
  ['GET', '/nowhere', 'nobody'],
]

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
