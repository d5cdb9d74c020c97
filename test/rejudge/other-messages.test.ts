import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
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
let thread: WhatIfThread

// A WebSocket with a message, a WebSocket without any, an event stream, and a plain answer.
beforeAll(async () => {
  const upstream = await testUpstream((request, response) => {
    if (request.url === '/events') response.setHeader('Content-Type', 'text/event-stream').end('data: {"pin":"1"}\n\n')
    else response.setHeader('Content-Type', 'application/json').end('{"open":true}')
  })
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) => socket.on('message', () => socket.send('{"pin":"1"}')))
  yaml = `gatehouse: 1
listen: { http: "127.0.0.1:${await freePort()}" }
upstreams: { up: ${upstream.url} }
apis:
  - name: shop
    upstream: up
    policies:
      - ip-restriction: { deny: [10.9.0.0/16] }
      - data-mask: { fields: [/pin] }
`
  const place = workspaceFolder({ 'gatehouse.yaml': yaml })
  const gateway = await openGateway({
    workspace: await loaded(place.folder, {}),
    env: {},
    capture: true,
    onTrouble: () => undefined,
  })
  const { url } = gateway.gateway.addresses.http!
  for (const talks of [true, false]) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`)
    await once(socket, 'open')
    if (talks) {
      socket.send('hello')
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

test('messages that an edit judges otherwise are not judged again: what becomes of their exchanges is not known', async () => {
  const report = await judge('[/pin]', '[/pin, /name]')
  expect(report).toMatchObject({ exchanges: 4, same: 2, undecidable: 2, missing: { messages: 2 } })
  expect(report.changes.every(({ missing }) => missing === 'messages')).toBe(true)
})

test('a policy of messages that comes or goes says the same', async () => {
  expect(await judge('      - data-mask: { fields: [/pin] }\n', '')).toMatchObject({ same: 2, undecidable: 2 })
})

test('an edit that judges messages as before leaves them alone', async () => {
  expect(await judge('10.9.0.0/16', '10.8.0.0/16')).toMatchObject({ same: 4, undecidable: 0 })
})

test('who is denied now has no messages any more', async () => {
  const report = await judge(
    '      - ip-restriction: { deny: [10.9.0.0/16] }\n      - data-mask',
    '      - ip-restriction: { deny: [127.0.0.0/8] }\n      - data-mask',
  )
  expect(report).toMatchObject({ newlyDenied: 4, undecidable: 0 })
})
