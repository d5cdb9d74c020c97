import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { CaptureSettings } from '../../gateway-core/config/workspace.ts'
import { BatchEncoder } from '../../gateway-core/capture/batch-encoder.ts'
import type { ExchangeRecord, RecordedBody } from '../../gateway-core/capture/record.ts'
import { type Captures, openCaptures } from '../../gateway-core/capture/store.ts'
import { CaptureWriter } from '../../gateway-core/capture/writer.ts'

export const testKey = new WorkspaceKey(new Uint8Array(32).fill(7))

export const settings: CaptureSettings = {
  enabled: true,
  bodyBytes: 65_536,
  maxExchanges: 100_000,
  maxBytes: 1024 ** 3,
  secretsMs: 86_400_000,
  seal: [],
}

/** A workspace folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-capture-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

let count = 0

/** A plain GET that passed; `changes` replaces top-level parts. */
export function record(changes: Partial<ExchangeRecord> = {}): ExchangeRecord {
  const number = count++
  return {
    id: `01JD${String(number).padStart(12, '0')}`,
    startedAt: 1_763_780_000_000 + number,
    durationMicros: 1500,
    state: 'done',
    revision: 'r1',
    listener: 'http',
    peer: { address: '127.0.0.1', port: 40_000 },
    clientAddress: '127.0.0.1',
    request: request(),
    response: response(),
    verdict: 'pass',
    status: 200,
    trace: [],
    facts: [],
    timings: { policyMicros: 20 },
    sealed: [],
    ...changes,
  }
}

export function request(changes: Partial<ExchangeRecord['request']> = {}): ExchangeRecord['request'] {
  const path = changes.path ?? '/books/1'
  const query = changes.query ?? ''
  return {
    method: 'GET',
    scheme: 'http',
    authority: 'localhost:8080',
    target: query === '' ? path : `${path}?${query}`,
    path,
    query,
    httpVersion: '1.1',
    headers: ['Host', 'localhost:8080', 'Accept', '*/*'],
    ...changes,
  }
}

export function response(
  changes: Partial<NonNullable<ExchangeRecord['response']>> = {},
): NonNullable<ExchangeRecord['response']> {
  return { status: 200, reason: 'OK', from: 'upstream', headers: ['Content-Type', 'text/plain'], ...changes }
}

export function body(content: string | Uint8Array, changes: Partial<RecordedBody> = {}): RecordedBody {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { bytes, length: bytes.byteLength, truncated: false, ...changes }
}

/** Writes records as the store worker does, in this thread. */
export function write(
  folder: string,
  records: readonly ExchangeRecord[],
  changes: Partial<CaptureSettings> = {},
): void {
  const writer = new CaptureWriter(folder, testKey, { ...settings, ...changes })
  const encoder = new BatchEncoder()
  for (const each of records) {
    encoder.add(each, true)
    if (encoder.records === 100) writer.write(encoder.take())
  }
  writer.write(encoder.take())
  writer.tidy(Date.now())
  writer.close()
}

/** Opens the capture until the end of the test. */
export function captures(folder: string, key: WorkspaceKey | null = testKey): Captures {
  const opened = openCaptures(folder, key ?? undefined)
  onTestFinished(() => opened.close())
  return opened
}
