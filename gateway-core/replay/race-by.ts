import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { RaceReport } from '../protocol/replay-reports.ts'
import type { Recorded, Way } from './answer.ts'
import { race, type RaceHow, type Racer } from './race.ts'
import { reportRace } from './race-report.ts'
import type { WireRequest } from './resolve.ts'

export interface RaceOptions extends RaceHow {
  copies: number
  /** Over another protocol than the requests say. */
  version?: '1.1' | '2' | undefined
  insecure: boolean
  /** Values that were put in: their echoes are hidden. */
  secrets: readonly string[]
  key: WorkspaceKey
  signal: AbortSignal
}

/** Races copies of one request, or of several in turn, and tells how each was answered and decided. Throws a ReplayError. */
export async function raceBy(way: Way, requests: readonly WireRequest[], options: RaceOptions): Promise<RaceReport> {
  const { copies, version, insecure, secrets, key, signal } = options
  const racers = Array.from({ length: copies }, (_, at): Racer => {
    const request = requests[at % requests.length]!
    const wire = { ...request, version: version ?? request.version }
    const { destination, target, host } = way.route(wire, insecure)
    return { destination, target, wire: { ...wire, fields: withHost(wire.fields, host, destination.host) } }
  })
  const result = await race(racers, options, signal)
  const ports = result.copies.map(({ localPort }) => localPort)
  const byPort = new Map<number, readonly Recorded[]>()
  for (const port of new Set(ports)) {
    byPort.set(port, (await way.recorded?.(port, ports.filter((one) => one === port).length)) ?? [])
  }
  // Several on one connection were recorded in the order in which they were begun.
  const recorded = ports.map(
    (port, copy) => byPort.get(port)![ports.slice(0, copy).filter((one) => one === port).length],
  )
  const { scheme, host, port } = racers[0]!.destination
  const address = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return reportRace(result, recorded, way.links === true, address, secrets, key)
}

function withHost(fields: WireRequest['fields'], host: string | undefined, otherwise: string): WireRequest['fields'] {
  if (!fields.some(([name]) => name.toLowerCase() === 'host')) return [['Host', host ?? otherwise], ...fields]
  return fields.map(([name, value]) => [name, name.toLowerCase() === 'host' ? (host ?? value) : value])
}
