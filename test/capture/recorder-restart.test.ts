import type { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type CaptureEvent, openRecorder } from '../../gateway-core/capture/recorder.ts'
import { body, captures, record, response, settings, temporaryFolder, testKey } from './records.ts'

const started = vi.hoisted(() => [] as Worker[])
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>()
  class Noted extends real.Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      started.push(this)
    }
  }
  return { ...real, Worker: Noted }
})

function open() {
  started.length = 0
  const events: CaptureEvent[] = []
  const folder = temporaryFolder()
  const recorder = openRecorder({ folder, key: testKey, settings, onEvent: (event) => events.push(event) })
  onTestFinished(() => recorder.close())
  return { folder, recorder, events, read: captures(folder) }
}

test.each([
  ['ends', 'its thread ended', (worker: Worker) => void worker.terminate()],
  // The worker reads a message of no kind: what nobody catches.
  ['throws', expect.stringContaining('null'), (worker: Worker) => worker.postMessage(null)],
])('a store that %s is started again, and what was lost is told', async (_how, reason, end) => {
  const { recorder, events, read } = open()
  recorder.saveRevision('r1', [{ path: 'gatehouse.yaml', sha256: 'aa', text: 'gatehouse: 1' }])
  recorder.record(record({ response: response({ body: body('a body that comes again') }) }))
  await recorder.flush()
  end(started[0]!)
  recorder.record(record())
  await vi.waitFor(() => expect(events).toEqual([{ kind: 'restarted', reason, records: 1 }]))

  const after = record({ response: response({ body: body('a body that comes again') }) })
  recorder.record(after)
  await recorder.flush()
  expect(read.count()).toBe(2)
  expect(Buffer.from(read.get(after.id)!.response!.body!.bytes).toString()).toBe('a body that comes again')
  expect(read.revisionFile('r1', 'gatehouse.yaml')).toBe('gatehouse: 1')
  expect(recorder.counts.droppedRecords).toBe(1)
})

test('a message of an exchange that the new store never saw is left out: its secrets could not be sealed', async () => {
  const { recorder, events, read } = open()
  const secret = { request: { ...record().request, headers: ['Authorization', 'Bearer verysecretvalue'] } }
  const [before, after] = [record({ state: 'open', ...secret }), record({ state: 'open', ...secret })]
  recorder.record(before)
  await recorder.flush()
  await started[0]!.terminate()
  await vi.waitFor(() => expect(events).toHaveLength(1))
  recorder.record(after)
  for (const { id } of [before, after]) {
    const bytes = Buffer.from('you are verysecretvalue')
    const message = { exchange: id, number: 1, at: 1, side: 'response' as const, kind: 'text' as const }
    recorder.message!({
      ...message,
      fate: 'sent',
      bytes,
      length: bytes.length,
      truncated: false,
      trace: [],
      sealed: [],
    })
  }
  await recorder.flush()
  expect(read.countMessages(before.id)).toBe(0)
  const [kept] = read.messages(after.id, { secrets: 'sealed' })
  expect(Buffer.from(kept!.bytes).toString()).toMatch(/^you are ⟦sealed:/)
})

test('a store that ends again and again is left alone for a while', async () => {
  const { recorder, events } = open()
  for (let times = 1; times <= 4; times++) {
    await started.at(-1)!.terminate()
    await vi.waitFor(() => expect(events).toHaveLength(times))
  }
  expect(events.map(({ kind }) => kind)).toEqual(['restarted', 'restarted', 'restarted', 'failed'])
  expect(events[3]).toMatchObject({ message: expect.stringMatching(/started again in (?:60|59) s/) })
  expect(started).toHaveLength(4)
  recorder.record(record())
  await recorder.flush()
  expect(recorder.counts.droppedRecords).toBe(1)
})
