import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { openDatabase } from '../../gateway-core/capture/schema.ts'
import { openCaptures } from '../../gateway-core/capture/store.ts'
import { countSteps } from '../../gateway-core/rejudge/coverage.ts'
import { WhatIfThread } from '../../gateway-core/rejudge/what-if-thread.ts'
import { version } from '../../gateway-core/version.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { freePort } from '../cli/cli.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

let yaml: string
let folder: string
let thread: WhatIfThread

// A WebSocket with four messages, one without any, an event stream, and a plain answer.
beforeAll(async () => {
  const upstream = await testUpstream((request, response) => {
    if (request.url === '/events') response.setHeader('Content-Type', 'text/event-stream').end('data: {"pin":"1"}\n\n')
    else response.setHeader('Content-Type', 'application/json').end('{"open":true}')
  })
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) =>
    socket.on('message', (data: Buffer) => socket.send(`{"echo":${data.toString()}}`)),
  )
  yaml = `gatehouse: 1
listen: { http: "127.0.0.1:${await freePort()}" }
capture: { bodyBytes: 1kb }
upstreams: { up: ${upstream.url} }
apis:
  - name: shop
    upstream: up
    policies:
      - ip-restriction: { deny: [10.9.0.0/16] }
      - data-mask: { apply: [request], fields: [/pin] }
`
  const place = workspaceFolder({ 'gatehouse.yaml': yaml })
  folder = place.folder
  const gateway = await openGateway({
    workspace: await loaded(place.folder, {}),
    env: {},
    capture: true,
    onTrouble: () => undefined,
  })
  const { url } = gateway.gateway.addresses.http!
  for (const said of [['{"pin":"1"}', '{"name":"ada","since":2020}'], []]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`)
    await once(socket, 'open')
    for (const message of said) {
      socket.send(message)
      await once(socket, 'message')
    }
    socket.terminate()
    await once(socket, 'close')
  }
  for (const path of ['/events', '/plain']) await (await fetch(url + path)).text()
  await gateway.close(100)
  thread = new WhatIfThread({
    folder: place.folder,
    key: await loadWorkspaceKey(place.folder, {}),
    env: {},
    engineVersion: version,
  })
  closing.push(
    () => upstream.close(),
    () => sockets.close(),
    () => place.remove(),
    () => thread.close(),
  )
}, 60_000)

const judge = (from: string, to: string) => {
  expect(yaml).toContain(from)
  return thread.judge({ candidate: { 'gatehouse.yaml': yaml.replace(from, to) } })
}

test('an edit that changes a message says which one, and from which side', async () => {
  const report = await judge('[/pin]', '[/pin, /name]')
  expect(report).toMatchObject({ exchanges: 4, same: 3, transformed: 1, undecidable: 0 })
  expect(report.changes).toMatchObject([
    {
      kind: 'transformed',
      differs: ['message from the client'],
      message: { number: 3, side: 'request', kind: 'text' },
    },
  ])
})

test('the first message counts, and events of a stream are messages', async () => {
  const report = await judge('apply: [request], fields: [/pin]', 'apply: [request, response], fields: [/pin, /echo]')
  expect(report).toMatchObject({ same: 2, transformed: 2 })
  expect(report.changes.map(({ message }) => message)).toEqual([
    { number: 2, side: 'response', kind: 'text' },
    { number: 1, side: 'response', kind: 'event' },
  ])
})

test('a policy of messages that goes leaves them as they came', async () => {
  const report = await judge('      - data-mask: { apply: [request], fields: [/pin] }\n', '')
  expect(report).toMatchObject({ same: 3, transformed: 1 })
  expect(report.changes[0]).toMatchObject({ message: { number: 1, side: 'request' } })
})

test('an edit that judges messages as before leaves them alone', async () => {
  expect(await judge('10.9.0.0/16', '10.8.0.0/16')).toMatchObject({ same: 4, undecidable: 0 })
})

test('every step again, without anything of the record, comes to the same', async () => {
  expect(await thread.judge({ candidate: {}, reuse: false })).toMatchObject({ exchanges: 4, same: 4, reused: 0 })
})

test('who is denied now has no messages any more', async () => {
  const report = await judge(
    '      - ip-restriction: { deny: [10.9.0.0/16] }\n      - data-mask',
    '      - ip-restriction: { deny: [127.0.0.0/8] }\n      - data-mask',
  )
  expect(report).toMatchObject({ newlyDenied: 4, undecidable: 0 })
  expect(report.changes.every(({ message }) => message === undefined)).toBe(true)
})

const explain = async (from: string, to: string, nth = 0) => {
  const candidate = { 'gatehouse.yaml': yaml.replace(from, to) }
  const { changes } = await thread.judge({ candidate })
  return thread.explain(changes[nth]!.id, { candidate })
}

test('the explanation ends both traces with the steps of that message, and tells what goes on', async () => {
  const explained = await explain('[/pin]', '[/pin, /name]')
  expect(explained).toMatchObject({
    kind: 'transformed',
    message: {
      number: 3,
      side: 'request',
      text: '{"name":"ada","since":2020}',
      before: { end: 'sent' },
      after: { end: 'changed', text: '{"name":"[masked]","since":2020}' },
    },
    firstDifference: { step: 'api:shop/data-mask', field: 'verdict', a: 'pass', b: 'modify' },
    blame: [{ file: 'gatehouse.yaml', text: expect.stringContaining('/name') as string }],
  })
  const [before, after] = [explained.before, explained.after].map(({ trace }) => trace.at(-1))
  expect(before).toMatchObject({ phase: 'message', verdict: 'pass' })
  expect(after).toMatchObject({ phase: 'message', verdict: 'modify' })
})

test('the smallest talk that still shows it: one message, without what does not count', async () => {
  const candidate = { 'gatehouse.yaml': yaml.replace('[/pin]', '[/pin, /name]') }
  const { changes } = await thread.judge({ candidate })
  const shrunk = await thread.shrink(changes[0]!.id, { candidate })
  expect(shrunk.messages).toEqual([{ number: 3, side: 'request', kind: 'text', text: '{"name":"ada"}' }])
  expect(shrunk.dropped.slice(0, 2)).toEqual(['the 2 messages before', 'message /since'])
  expect(shrunk.headers.map(([name]) => name.toLowerCase())).toEqual(
    expect.arrayContaining(['host', 'upgrade', 'connection', 'sec-websocket-key', 'sec-websocket-version']),
  )
  expect(shrunk.body).toBeUndefined()
})

test('steps go through the messages, one after the other, and a message can be changed by hand', async () => {
  const { changes } = await thread.judge({ candidate: { 'gatehouse.yaml': yaml.replace('[/pin]', '[/pin, /name]') } })
  const { id } = changes[0]!
  const { trace, before, outcome } = await thread.stepThrough(id, [], { candidate: {} })
  const said = trace.flatMap(({ phase, verdict }, at) => (phase === 'message' ? [[before[at]!.message, verdict]] : []))
  expect(said).toEqual([
    [{ number: 1, side: 'request', kind: 'text', body: '{"pin":"1"}' }, 'modify'],
    [{ number: 2, side: 'response', kind: 'text', body: '{"echo":{"pin":"[masked]"}}' }, 'pass'],
    [{ number: 3, side: 'request', kind: 'text', body: '{"name":"ada","since":2020}' }, 'pass'],
    [{ number: 4, side: 'response', kind: 'text', body: '{"echo":{"name":"ada","since":2020}}' }, 'pass'],
  ])
  expect(before).toHaveLength(trace.length + 1)
  expect(outcome).toMatchObject({ verdict: 'pass', status: 101 })
  const step = trace.findIndex(({ phase }) => phase === 'message') + 2
  const changed = { step, of: 'message', change: { kind: 'body', value: '{"pin":"2"}' } } as const
  expect((await thread.stepThrough(id, [changed], { candidate: {} })).trace[step]!.verdict).toBe('modify')
})

test('coverage and queries count what policies came to for messages, once for an exchange', () => {
  const captures = openCaptures(folder)
  try {
    expect(captures.count('step:"api:shop/data-mask=modify"')).toBe(1)
    const traffic = Array.from(captures.contexts(), ({ context, exchanges }) => ({ trace: context.shape, exchanges }))
    const mask = countSteps(traffic).policies.get('api:shop/data-mask')!
    expect(mask.outcomes.get('modify')).toBe(1)
    expect(mask.reached).toBe(4)
  } finally {
    captures.close()
  }
})

test('of two changed lines the one is blamed that the message is about', async () => {
  const explained = await explain(
    'deny: [10.9.0.0/16] }\n      - data-mask: { apply: [request], fields: [/pin] }',
    'deny: [10.8.0.0/16] }\n      - data-mask: { apply: [request], fields: [/pin, /name] }',
  )
  expect(explained.blame).toMatchObject([{ line: 10, text: expect.stringContaining('/name') as string }])
})

test('what was sealed and is forgotten is named, message by message', async () => {
  const db = openDatabase(folder, { create: false })
  db.exec('DELETE FROM sealed')
  db.close()
  const key = await loadWorkspaceKey(folder, {})
  const later = new WhatIfThread({ folder, key, env: {}, engineVersion: version })
  try {
    const candidate = { 'gatehouse.yaml': yaml.replace('[/pin]', '[/pin, /name]') }
    const report = await later.judge({ candidate })
    expect(report).toMatchObject({ undecidable: 1, missing: { 'message-sealed': 1 } })
    expect(report.changes[0]).toMatchObject({ message: { number: 1, side: 'request' } })
    const explained = await later.explain(report.changes[0]!.id, { candidate })
    expect(explained.message).toMatchObject({ number: 1, after: { end: 'undecidable' } })
    expect(explained.message).not.toHaveProperty('text')
  } finally {
    later.close()
  }
})
