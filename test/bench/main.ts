import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { benchPackages, ensureDebianPackages } from '../../build/debian.ts'
import { measureFilter, measureMemory } from './alone.ts'
import { compare } from './compare.ts'
import { startIssuer } from './identity.ts'
import { readOptions, usage } from './options.ts'
import { measurePast } from './past.ts'
import type { Options } from './options.ts'
import { describeMachine, makeReport, renderReport } from './report.ts'
import type { Row } from './report.ts'
import { scenarios } from './scenarios.ts'
import { startUpstream } from './systems/upstream.ts'

const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Progress goes to the error output, so that the result alone can be redirected. */
const say = (text: string) => console.error(text)

async function bench(options: Options): Promise<void> {
  if (process.platform !== 'linux')
    throw new Error('The benchmark reads CPU times from /proc, so it runs on Linux only.')
  const lacking = ensureDebianPackages(benchPackages)
  if (lacking) throw new Error(lacking)
  const machine = describeMachine()
  if (
    !options.peersOnly &&
    spawnSync(process.execPath, [join(projectRoot, 'build', 'build.mjs')], { stdio: ['ignore', 2, 2] }).status !== 0
  ) {
    throw new Error(
      'Gatehouse could not be built, so it cannot be measured. The others alone: npm run bench -- --peers',
    )
  }
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const issuer = await startIssuer(folder)
  const upstream = await startUpstream(folder)
  const around = { folder, upstreamPort: upstream.port, issuer, say }
  const titles = Object.fromEntries(scenarios.map(({ key, title }) => [key, title]))
  const rows: Row[] = []
  const notes: string[] = []
  try {
    for (const scenario of scenarios) {
      if (options.only.includes(scenario.key)) rows.push(...(await compare(scenario, options, around)))
    }
    if (options.only.includes('memory')) {
      const memory = await measureMemory(options.requests, around)
      const { cpuMicros, rps, p99Ms, peakMb } = memory
      rows.push({ scenario: 'memory', system: 'gatehouse', cpuMicros, rps, p99Ms, rssMb: peakMb })
      notes.push(
        `Memory: ${memory.peakMb.toFixed(0)} MB at most during ${memory.requests} captured requests, ${memory.restMb.toFixed(0)} MB five seconds later (promised: under 250).`,
      )
    }
    if (options.only.includes('filter')) {
      const filter = await measureFilter(options.exchanges, around)
      notes.push(
        `Searching ${filter.exchanges} exchanges from the command line (starting it and opening the capture: ${filter.startMs.toFixed(0)} ms; promised for the search: under 200):`,
      )
      for (const { query, found, totalMs, searchMs } of filter.queries) {
        notes.push(
          `  ${query.padEnd(32)} ${searchMs.toFixed(0).padStart(6)} ms   with the start ${totalMs.toFixed(0)} ms   ${found} found`,
        )
      }
    }
    if (options.only.includes('past')) {
      const past = await measurePast(options.exchanges, around)
      notes.push(
        `Judging ${past.exchanges} recorded exchanges again by an edit, warm (promised: 25 µs for each, the first results in 50 ms; a new thread took ${past.coldMs.toFixed(0)} ms):`,
      )
      notes.push(
        `  ${'the counters at a moment'.padEnd(32)} ${past.momentMs.next.toFixed(0).padStart(6)} ms   the first one asked for ${past.momentMs.first.toFixed(0)} ms`,
      )
      for (const { edit, firstMs, wholeMs, changed, reused } of past.edits) {
        notes.push(
          `  ${edit.padEnd(32)} ${wholeMs.toFixed(0).padStart(6)} ms   first ${firstMs.toFixed(0)} ms   ${changed} changed, ${reused} reused`,
        )
      }
    }
  } catch (error) {
    if (rows.length > 0)
      say(`What was measured before the failure:\n${renderReport(makeReport(machine, rows), titles)}\n`)
    throw error
  } finally {
    await upstream.stop()
    issuer.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const report = makeReport(machine, rows)
  for (const note of options.json ? notes : []) say(note)
  console.log(options.json ? JSON.stringify(report, null, 2) : [renderReport(report, titles), '', ...notes].join('\n'))
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') console.log(usage)
  else await bench(options)
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
}
