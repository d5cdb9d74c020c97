import { readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

/** What was measured of one system in one scenario. */
export interface Row {
  scenario: string
  system: string
  /** CPU time of the gateway's processes for one request, in microseconds. */
  cpuMicros: number
  rps: number
  p99Ms: number
  rssMb: number
}

/** CPU time of Gatehouse divided by that of another; null where one of the two was not measured. */
export interface Ratios {
  s1ToHttpProxy: number | null
  s2ToHaproxy: number | null
  s2ToNginxNjs: number | null
  s3ToPrism: number | null
  s1CaptureOffToHttpProxy: number | null
}

/** What is promised for each ratio. */
export const promised: Record<keyof Ratios, number> = {
  s1ToHttpProxy: 1,
  s2ToHaproxy: 1.5,
  s2ToNginxNjs: 0.35,
  s3ToPrism: 0.15,
  s1CaptureOffToHttpProxy: 0.65,
}

export interface Machine {
  cpu: string
  cores: number
  memoryGb: number
  system: string
  node: string
  /** Load average of the last minute when the measurement began: above 0.5 somebody else was working too. */
  loadBefore: number
}

export interface Report {
  machine: Machine
  rows: Row[]
  ratios: Ratios
}

export function describeMachine(): Machine {
  const release = /^PRETTY_NAME="(.*)"$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    system: release,
    node: process.version,
    loadBefore: round(loadavg()[0] ?? 0, 2),
  }
}

export function ratiosOf(rows: readonly Row[]): Ratios {
  const cpu = (scenario: string, system: string) =>
    rows.find((row) => row.scenario === scenario && row.system === system)?.cpuMicros
  const ratio = (scenario: string, peer: string, ours = 'gatehouse') => {
    const [mine, theirs] = [cpu(scenario, ours), cpu(scenario, peer)]
    return mine === undefined || theirs === undefined ? null : round(mine / theirs, 3)
  }
  return {
    s1ToHttpProxy: ratio('s1', 'http-proxy'),
    s2ToHaproxy: ratio('s2', 'haproxy'),
    s2ToNginxNjs: ratio('s2', 'nginx + njs'),
    s3ToPrism: ratio('s3', 'prism'),
    s1CaptureOffToHttpProxy: ratio('s1', 'http-proxy', 'gatehouse, capture off'),
  }
}

export function makeReport(machine: Machine, rows: readonly Row[]): Report {
  const rounded = rows.map((row) => ({
    ...row,
    cpuMicros: round(row.cpuMicros, 1),
    rps: Math.round(row.rps),
    p99Ms: round(row.p99Ms, 2),
    rssMb: Math.round(row.rssMb),
  }))
  return { machine, rows: rounded, ratios: ratiosOf(rows) }
}

/** The report as a person reads it. */
export function renderReport({ machine, rows, ratios }: Report, titles: Record<string, string>): string {
  const lines = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}, load before ${machine.loadBefore}`,
  ]
  let scenario = ''
  for (const row of rows) {
    if (row.scenario !== scenario) {
      scenario = row.scenario
      lines.push('', titles[scenario] ?? scenario)
      lines.push(
        `  ${'system'.padEnd(24)} ${['CPU µs/request', 'requests/s', 'p99 ms', 'RSS MB'].map((head) => head.padStart(14)).join('')}`,
      )
    }
    const values = [row.cpuMicros.toFixed(1), String(row.rps), row.p99Ms.toFixed(2), String(row.rssMb)]
    lines.push(`  ${row.system.padEnd(24)} ${values.map((value) => value.padStart(14)).join('')}`)
  }
  const known = Object.entries(ratios).filter(([, value]) => value !== null) as [keyof Ratios, number][]
  if (known.length > 0) lines.push('', 'CPU of Gatehouse as a multiple of theirs')
  for (const [name, value] of known) {
    const verdict = value <= promised[name] ? 'kept' : 'MISSED'
    lines.push(
      `  ${name.padEnd(24)} ${value.toFixed(2).padStart(8)}   promised: at most ${promised[name]}   ${verdict}`,
    )
  }
  return lines.join('\n')
}

function round(value: number, digits: number): number {
  const factor = 10 ** digits
  return Math.round(value * factor) / factor
}
