import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openFile } from '../../gateway-core/capture/database.ts'
import type { MoreOfMessage } from '../../gateway-core/capture/message-table.ts'
import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import { openRecorder } from '../../gateway-core/capture/recorder.ts'
import type { MessageRecord } from '../../gateway-core/capture/record.ts'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { record, request, settings, temporaryFolder, testKey } from './records.ts'

const token = 'cAnary7f3Qx9zwPLAIN'

function message(exchange: string, number: number, content: string | Uint8Array, more: Partial<MessageRecord> = {}) {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return {
    exchange,
    number,
    at: number * 100,
    side: 'request',
    kind: 'text',
    bytes,
    length: bytes.byteLength,
    truncated: false,
    fate: 'sent',
    trace: [],
    sealed: [],
    ...more,
  } satisfies MessageRecord as MessageRecord
}

/** What a policy made of a message stands beside it, sealed: it may hold other secrets than those that were masked. */
const masking: TraceEntry = {
  policy: 'api:chat/data-mask',
  type: 'data-mask',
  phase: 'message',
  verdict: 'modify',
  mode: 'enforce',
  changes: [{ kind: 'set-body', bytes: Buffer.from(`{"password":"[masked]","again":"${token}"}`) }],
  at: 1,
  micros: 1,
  now: 1,
  sequence: 1,
  position: { file: 'gatehouse.yaml', line: 1, column: 1 },
}

const handshake = (state: 'open' | 'done', id: string) =>
  record({ id, state, upgrade: 'websocket', request: request({ headers: ['Authorization', `Bearer ${token}`] }) })

test('messages are kept with their exchange: content, fate, what went on instead; secrets are sealed', async () => {
  const folder = temporaryFolder()
  const recorder = openRecorder({ folder, key: testKey, settings })
  const id = record().id
  recorder.record(handshake('open', id))
  recorder.message!(message(id, 1, `{"hello":"world","again":"${token}"}`))
  recorder.message!(
    message(id, 2, '{"password":"cAnary-secret-of-a-field"}', {
      side: 'response',
      sent: Buffer.from('{"password":"[masked]"}'),
      trace: [masking],
      sealed: [{ in: 'body', of: 'response', pointer: '/password' }],
    }),
  )
  recorder.message!(message(id, 3, Buffer.from([0, 255, 1]), { kind: 'binary', fate: 'dropped', from: 'injected' }))
  recorder.message!(message(id, 4, '1000', { kind: 'close' }))
  recorder.record(handshake('done', id))
  await recorder.flush()
  const captures = openCaptures(folder, testKey)
  const read = captures.messages(id)
  expect(read.map(({ number, side, kind, fate, at }) => [number, side, kind, fate, at])).toEqual([
    [1, 'request', 'text', 'sent', 100],
    [2, 'response', 'text', 'sent', 200],
    [3, 'request', 'binary', 'dropped', 300],
    [4, 'request', 'close', 'sent', 400],
  ])
  expect(Buffer.from(read[0]!.bytes).toString()).toBe(`{"hello":"world","again":"${token}"}`)
  expect(read[0]!.secrets).toBe('open')
  expect(Buffer.from(read[1]!.sent!).toString()).toBe('{"password":"[masked]"}')
  expect([...read[2]!.bytes]).toEqual([0, 255, 1])
  expect(read[2]!.from).toBe('injected')
  expect(read[1]!.trace).toMatchObject([{ verdict: 'modify', changes: [{ kind: 'set-body' }] }])
  const file = openFile(join(folder, '.gatehouse', 'captures.db'))
  const { more } = file.prepare('SELECT more FROM messages WHERE number = 2').get([]) as { more: string }
  expect((JSON.parse(more) as MoreOfMessage).trace![0]!.changes).toEqual([{ kind: 'set-body' }])
  file.close()
  const sealed = captures.messages(id, { secrets: 'sealed', from: 2, count: 1 })
  expect(sealed.map(({ number, secrets }) => [number, secrets])).toEqual([[2, 'sealed']])
  expect(Buffer.from(sealed[0]!.bytes).toString()).toMatch(/^\{"password":"⟦sealed:.*⟧"\}$/)
  for (const file of readdirSync(join(folder, '.gatehouse'))) {
    expect(readFileSync(join(folder, '.gatehouse', file)).includes('cAnary')).toBe(false)
  }
  expect(captures.countMessages(id)).toBe(4)
  captures.delete('')
  expect(captures.messages(id)).toEqual([])
  captures.close()
  await recorder.close()
})

test('messages outlive the end of their exchange, and go when retention takes it', async () => {
  const folder = temporaryFolder()
  const recorder = openRecorder({ folder, key: testKey, settings: { ...settings, maxExchanges: 10 } })
  const id = record().id
  recorder.record(handshake('open', id))
  recorder.message!(message(id, 1, 'hello'))
  recorder.record(handshake('done', id))
  await recorder.flush()
  const captures = openCaptures(folder, testKey)
  expect(captures.countMessages(id)).toBe(1)
  for (let at = 0; at < 40; at++) recorder.record(record())
  await recorder.close()
  expect(captures.get(id)).toBeUndefined()
  expect(captures.countMessages(id)).toBe(0)
  captures.close()
})
