import packageFile from '../../package.json' with { type: 'json' }
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { CaptureSettings } from '../config/workspace.ts'
import { scanJson } from '../json/scan.ts'
import { harEntry } from './har-entry.ts'
import { HarEntryError, recordOfHar } from './har-record.ts'
import { HarError, HarSplitter } from './har-split.ts'
import { BatchEncoder } from './batch-encoder.ts'
import type { ExchangeRecord } from './record.ts'
import type { Captures, ListOptions } from './store.ts'
import { CaptureWriter } from './writer.ts'

/**
 * A HAR 1.2 document of what matches, piece by piece; join them or write them one after the other. Secrets are markers,
 * always: a HAR leaves the house. Under `_gatehouse` stands what judging again needs: trace, facts, order, tags.
 */
export function* exportHar(captures: Captures, options: ListOptions = {}): Generator<string> {
  const creator = JSON.stringify({ name: 'Gatehouse', version: packageFile.version })
  yield `{"log":{"version":"1.2","creator":${creator},"entries":[`
  let separator = '\n'
  for (const exchange of captures.iterate({ order: 'oldest', ...options, secrets: 'sealed' })) {
    const messages = exchange.upgrade ? captures.messages(exchange.id, { secrets: 'sealed', count: mostMessages }) : []
    yield separator + JSON.stringify(harEntry(exchange, messages))
    separator = ',\n'
  }
  yield '\n]}}\n'
}

/** Messages of one WebSocket that a HAR carries. */
const mostMessages = 10_000

/** An entry that was left out: its place in the list (from 0), and why. */
export interface HarProblem {
  entry: number
  message: string
}

export interface HarSourceOptions {
  bodyBytes: number
  /** Milliseconds since the epoch, for entries without a time. */
  now?: number
  onProblem?: (problem: HarProblem) => void
}

/**
 * Reads the entries of a HAR while it streams in. Entries that are no HTTP exchange are told to `onProblem` and left
 * out; a file that is no HAR, or that ends too early, throws a HarError after what came before was given.
 */
export async function* readHar(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { bodyBytes, now = Date.now(), onProblem }: HarSourceOptions,
): AsyncGenerator<ExchangeRecord> {
  const splitter = new HarSplitter()
  let entry = 0
  const newId = foreignIds()
  for await (const chunk of source) {
    for (const { text, offset } of splitter.push(chunk)) {
      let record: ExchangeRecord | undefined
      try {
        record = recordOfHar(parse(text, entry, offset), { bodyBytes, now, newId })
      } catch (error) {
        if (!(error instanceof HarEntryError)) throw error
        onProblem?.({ entry, message: error.message })
      }
      if (record) yield record
      entry++
    }
  }
  splitter.end()
}

function parse(text: string, entry: number, offset: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // JSON.parse does not always say where.
    const fault = scanJson(text, { open: ignore, close: ignore, key: ignore, scalar: ignore })
    const at = offset + Buffer.byteLength(text.slice(0, fault?.offset ?? 0))
    throw new HarError(`entry ${entry} is not JSON: ${fault?.message ?? 'it does not parse'}`, at)
  }
}

function ignore(): void {}

const idDigits = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ids of foreign entries sort by the time the entries have, like those that the gateway gives, and differ at each import. */
function foreignIds(): (startedAt: number) => string {
  const tail = base32(Math.floor(Math.random() * 32 ** 6), 6)
  let count = 0
  return (startedAt) => base32(Math.max(0, Math.floor(startedAt)), 10) + base32(count++ % 32 ** 4, 4) + tail
}

function base32(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = idDigits[rest % 32]! + text
  return text
}

export interface HarImport extends Omit<HarSourceOptions, 'bodyBytes'> {
  folder: string
  key: WorkspaceKey
  settings: CaptureSettings
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/**
 * Takes a HAR into the capture of a workspace. What was read before an error stays imported. An entry that is already
 * there (same id) is replaced.
 */
export async function importHar(options: HarImport): Promise<{ imported: number; skipped: number }> {
  const { folder, key, settings, source, onProblem } = options
  const writer = new CaptureWriter(folder, key, settings)
  const encoder = new BatchEncoder()
  const count = { imported: 0, skipped: 0 }
  const flush = () => {
    if (encoder.records > 0) writer.write(encoder.take())
    writer.tidy(Date.now())
  }
  try {
    const skip = (problem: HarProblem) => {
      count.skipped++
      onProblem?.(problem)
    }
    const reading = {
      bodyBytes: settings.bodyBytes,
      onProblem: skip,
      ...(options.now !== undefined && { now: options.now }),
    }
    for await (const record of readHar(source, reading)) {
      encoder.add(record, true)
      count.imported++
      if (encoder.records >= 200 || encoder.size > 4 * 1024 * 1024) flush()
    }
  } catch (error) {
    if (error instanceof HarError && count.imported > 0)
      error.message += `; what came before it was imported: ${count.imported}`
    throw error
  } finally {
    flush()
    writer.close()
  }
  return count
}
