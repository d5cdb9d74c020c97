import { openDatabase } from '../capture/schema.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import { Captures } from '../capture/store.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import { matches } from '../filter/evaluate.ts'
import { parseFilter } from '../filter/grammar.ts'
import { CapturedTraffic } from './captured-traffic.ts'
import { RecordsTraffic, type Traffic } from './traffic.ts'

/** Where recorded traffic comes from. */
export interface TrafficSource {
  readonly traffic: Traffic
  /** Texts of the files of an old revision, by path; empty where they are not kept. */
  filesOf(revision: string): ReadonlyMap<string, string>
  /** Exchanges keep their numbers as long as this stays. */
  readonly era: number
  /** Takes in what came since; gives what tells one state of it from another. */
  refresh(pause: () => Promise<void>): Promise<string>
  /** Numbers of the exchanges that match a query. Throws a FilterError when it cannot be read. */
  matching(query: string): Set<number>
  numberOf(id: string): number | undefined
  /** The whole record, without secrets. */
  record(at: number): ExchangeRecord
  close(): void
}

/** The capture of a workspace. Throws a CaptureStoreError when it cannot be opened. */
export function captureSource(folder: string, key: WorkspaceKey | undefined): TrafficSource {
  const db = openDatabase(folder, { create: true })
  const captures = new Captures(db, key)
  const traffic = new CapturedTraffic(folder, key)
  return {
    traffic,
    filesOf: (revision) => captures.revisionFiles(revision),
    get era() {
      return traffic.era
    },
    async refresh(pause) {
      await traffic.refresh(pause)
      return `${traffic.era} ${traffic.length} ${traffic.latest}`
    },
    matching(query) {
      const sequences: number[] = []
      for (const list of captures.sequences({ query, order: 'oldest' })) sequences.push(...list)
      return traffic.numbersOf(sequences)
    },
    numberOf: (id) => traffic.numberOf(id),
    record: (at) => captures.get(traffic.exchange(at).id, { secrets: 'sealed' })!,
    close() {
      traffic.close()
      captures.close()
    },
  }
}

/** Records that are in memory: of a HAR. */
export function recordsSource(records: readonly ExchangeRecord[]): TrafficSource {
  return {
    traffic: new RecordsTraffic(records),
    filesOf: () => new Map(),
    era: 0,
    refresh: async () => '',
    matching(query) {
      const filter = parseFilter(query)
      return new Set([...records.keys()].filter((at) => matches(filter, records[at]!)))
    },
    numberOf(id) {
      const at = records.findIndex((record) => record.id === id)
      return at === -1 ? undefined : at
    },
    record: (at) => records[at]!,
    close: () => undefined,
  }
}
