import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { checkCapture, median } from './compare.ts'
import { sendLoad, writeLoadScript } from './load.ts'
import type { LoadRequest } from './load.ts'
import { usageOf } from './processes.ts'
import { gatehouseProgram, startGatehouse } from './systems/gatehouse.ts'

interface Around {
  folder: string
  upstreamPort: number
  say: (text: string) => void
}

/** Resident memory of the gateway while it captures very many requests, in megabytes. */
export interface MemoryResult {
  requests: number
  /** The highest value seen at the end of a slice of load. */
  peakMb: number
  /** Five seconds after the last request. */
  restMb: number
  cpuMicros: number
  rps: number
  p99Ms: number
}

/** Sends so many requests with capture on, and watches the memory of the gateway's processes. */
export async function measureMemory(requests: number, { folder, upstreamPort, say }: Around): Promise<MemoryResult> {
  const own = join(folder, 'memory')
  mkdirSync(own)
  const gateway = await startGatehouse({ folder: own, upstreamPort })
  try {
    const script = writeLoadScript(folder, 'memory', pages(1000))
    const before = usageOf(gateway.pid)
    let [sent, seconds, peak, p99Ms] = [0, 0, 0, 0]
    while (sent < requests) {
      const load = await sendLoad(gateway.port, script, 5)
      sent += load.requests
      seconds += load.seconds
      p99Ms = Math.max(p99Ms, load.p99Ms)
      peak = Math.max(peak, usageOf(gateway.pid).rssBytes)
      say(`memory: ${sent} requests, ${Math.round(peak / 1e6)} MB at most so far`)
    }
    const cpuMicros = (usageOf(gateway.pid).cpuMicros - before.cpuMicros) / sent
    await checkCapture('gatehouse', gateway, sent)
    await sleep(5_000)
    const restMb = usageOf(gateway.pid).rssBytes / 1e6
    return { requests: sent, peakMb: peak / 1e6, restMb, cpuMicros, rps: sent / seconds, p99Ms }
  } finally {
    await gateway.stop()
  }
}

/** How long the command line takes to search the capture, in milliseconds of wall-clock. */
export interface FilterResult {
  exchanges: number
  /** `totalMs` is what a person waits; `searchMs` is that without starting the program and opening the capture. A list
   * ends at 50 rows, so a query that finds nothing is the slowest: it reads everything. */
  queries: { query: string; found: number; totalMs: number; searchMs: number }[]
  startMs: number
}

const queries = ['status:200 path~^/books/99', 'policy:jwt-auth', 'Lovelace', 'method:POST']

/** Captures so many exchanges, then searches them from the command line. */
export async function measureFilter(exchanges: number, { folder, upstreamPort, say }: Around): Promise<FilterResult> {
  const own = join(folder, 'filter')
  mkdirSync(own)
  const settings = { capture: { maxExchanges: exchanges * 10 } }
  const gateway = await startGatehouse({ folder: own, upstreamPort }, {}, { settings })
  let sent = 0
  try {
    const script = writeLoadScript(folder, 'filter', pages(1000))
    while (sent < exchanges) {
      sent += (await sendLoad(gateway.port, script, 2)).requests
      say(`filter: ${sent} exchanges captured`)
    }
    await checkCapture('gatehouse', gateway, sent)
  } finally {
    await gateway.stop()
  }
  // The newest exchange alone: starts the program and opens the capture, and searches nothing.
  const startMs = median(Array.from({ length: 5 }, () => timed(['capture', 'list', own, '--limit', '1', '--json']).ms))
  const results = queries.map((query) => {
    const runs = Array.from({ length: 5 }, () => timed(['capture', 'list', own, query, '--json']))
    const totalMs = median(runs.map(({ ms }) => ms))
    return { query, found: countFound(runs[0]?.output ?? ''), totalMs, searchMs: Math.max(0, totalMs - startMs) }
  })
  if (results[0]?.found === 0) throw new Error(`"${queries[0]}" found nothing, and such requests were captured`)
  return { exchanges: sent, queries: results, startMs }
}

function countFound(output: string): number {
  const value = JSON.parse(output) as unknown
  const list = Array.isArray(value) ? value : (value as { exchanges?: unknown } | null)?.exchanges
  if (!Array.isArray(list)) throw new Error(`capture list --json printed no list of exchanges: ${output.slice(0, 200)}`)
  return list.length
}

function timed(args: readonly string[]): { ms: number; output: string } {
  const begun = performance.now()
  const { status, stdout, stderr } = spawnSync(process.execPath, [gatehouseProgram, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e9,
  })
  if (status === 2 || status === null) throw new Error(`gatehouse ${args.join(' ')} could not run:\n${stderr}`)
  return { ms: performance.now() - begun, output: stdout }
}

/** Requests for so many different pages. */
function pages(count: number): LoadRequest[] {
  return Array.from({ length: count }, (_, index) => ({ method: 'GET', path: `/books/${index}`, headers: {} }))
}
