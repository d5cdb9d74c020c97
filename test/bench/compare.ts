import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Issuer } from './identity.ts'
import { sendLoad, writeLoadScript } from './load.ts'
import type { Options } from './options.ts'
import { usageOf } from './processes.ts'
import type { Running } from './processes.ts'
import type { Row } from './report.ts'
import { checkLimit, checkWork } from './scenarios.ts'
import type { Scenario } from './scenarios.ts'
import { neverReached } from './systems/system.ts'

/** Long enough for a JIT compiler to have seen everything. */
const warmUpSeconds = 6
const smallLimit = 3

interface Contender {
  name: string
  running: Running
  runs: { cpuMicros: number; rps: number; p99Ms: number }[]
  rssBytes: number
  /** All requests so far, those of the warm-up too. */
  sent: number
}

/** Runs one scenario: all its gateways side by side, taking turns, so that a busy moment of the machine hits none alone. */
export async function compare(
  scenario: Scenario,
  options: Options,
  around: { folder: string; upstreamPort: number; issuer: Issuer; say: (text: string) => void },
): Promise<Row[]> {
  const { folder, upstreamPort, issuer, say } = around
  const script = writeLoadScript(folder, scenario.key, scenario.load(issuer))
  const systems = [...(options.peersOnly ? [] : scenario.ours), ...scenario.peers]
  const contenders: Contender[] = []
  try {
    for (const [index, system] of systems.entries()) {
      const own = (use: string) => {
        const path = join(folder, `${scenario.key}-${index}-${use}`)
        mkdirSync(path)
        return path
      }
      if (scenario.limits) {
        const strict = await system.start({ folder: own('strict'), upstreamPort, issuer, limit: smallLimit })
        try {
          await checkLimit(scenario, system.name, strict.port, issuer, smallLimit)
        } finally {
          await strict.stop()
        }
      }
      const running = await system.start({ folder: own('run'), upstreamPort, issuer, limit: neverReached })
      const contender: Contender = { name: system.name, running, runs: [], rssBytes: 0, sent: 0 }
      contenders.push(contender)
      await checkWork(scenario, system.name, running.port, issuer)
      say(`${scenario.title}: ${system.name} does the work; warming up`)
      contender.sent += (await sendLoad(running.port, script, warmUpSeconds)).requests
    }
    for (let round = 1; round <= options.rounds; round++) {
      say(`${scenario.title}: round ${round} of ${options.rounds}`)
      for (const contender of contenders) await measure(contender, script, options.seconds)
    }
    for (const { name, running, sent } of contenders) await checkCapture(name, running, sent)
    return contenders.map(({ name, runs, rssBytes }) => ({
      scenario: scenario.key,
      system: name,
      cpuMicros: median(runs.map(({ cpuMicros }) => cpuMicros)),
      rps: median(runs.map(({ rps }) => rps)),
      p99Ms: median(runs.map(({ p99Ms }) => p99Ms)),
      rssMb: rssBytes / 1e6,
    }))
  } finally {
    await Promise.all(contenders.map(({ running }) => running.stop()))
  }
}

/** An error when a gateway that should capture each exchange has not: it was then measured doing less than it promises. */
export async function checkCapture(name: string, running: Running, sent: number): Promise<void> {
  if (!running.captured) return
  // What was answered more than 100 ms ago must be in the file.
  await sleep(500)
  const captured = running.captured()
  if (captured < sent) throw new Error(`${name} captured only ${captured} of ${sent} exchanges`)
}

async function measure(contender: Contender, script: string, seconds: number): Promise<void> {
  const { pid, port } = contender.running
  const before = usageOf(pid)
  const load = await sendLoad(port, script, seconds)
  const after = usageOf(pid)
  contender.rssBytes = after.rssBytes
  contender.sent += load.requests
  contender.runs.push({
    cpuMicros: (after.cpuMicros - before.cpuMicros) / load.requests,
    rps: load.requests / load.seconds,
    p99Ms: load.p99Ms,
  })
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}
