import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Captures, openCaptures } from '../../gateway-core/capture/store.ts'
import { exportCase } from '../../gateway-core/cases/export-case.ts'
import { openCase } from '../../gateway-core/cases/open-case.ts'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

const closing: (() => Promise<unknown> | void)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

let captures: Captures
let folder: string

// A WebSocket and an event stream whose messages are masked.
beforeAll(async () => {
  const upstream = await testUpstream((_request, response) => {
    response.setHeader('Content-Type', 'text/event-stream')
    response.end('data: {"pin":"1"}\n\ndata: {"name":"ada"}\n\n')
  })
  const sockets = new WebSocketServer({ server: upstream.server })
  sockets.on('connection', (socket) => socket.on('message', (data: Buffer, binary) => socket.send(data, { binary })))
  const place = workspaceFolder({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: ${upstream.url} }
apis:
  - name: shop
    upstream: up
    policies:
      - data-mask: { apply: [request, response], fields: [/pin] }
`,
  })
  folder = place.folder
  const gateway = await openGateway({
    workspace: await loaded(folder, {}),
    env: {},
    capture: true,
    onTrouble: () => undefined,
  })
  const { url } = gateway.gateway.addresses.http!
  const socket = new WebSocket(`${url.replace('http', 'ws')}/chat`)
  await once(socket, 'open')
  for (const message of ['{"pin":"1234"}', '{"name":"ada"}', Buffer.from([0, 255, 1])]) {
    socket.send(message)
    await once(socket, 'message')
  }
  socket.close()
  await once(socket, 'close')
  await (await fetch(`${url}/events`)).text()
  await gateway.close(500)
  captures = openCaptures(folder, await loadWorkspaceKey(folder, {}))
  closing.push(
    () => upstream.close(),
    () => sockets.close(),
    () => place.remove(),
    () => captures.close(),
  )
}, 60_000)

async function caseOf(query: string): Promise<string> {
  const { id } = captures.list({ query })[0]!
  return (await exportCase(id, { folder, captures, key: await loadWorkspaceKey(folder, {}), env: {} })).text
}

it('has the messages of a WebSocket, which are judged again; what was sealed in them stands as recorded', async () => {
  const text = await caseOf('path:/chat')
  const { case: read, judged, difference } = await openCase(text)
  expect([difference, judged!.said]).toEqual([null, []])
  expect(judged!.taken).toEqual(['api:shop/data-mask message 1', 'api:shop/data-mask message 2'])
  const shown = read.messages
    .filter(({ kind }) => kind !== 'close')
    .map(({ side, fate, bytes }) => [side, fate, Buffer.from(bytes).toString('latin1')])
  expect(shown).toEqual([
    ['request', 'sent', expect.stringContaining('sealed:')],
    ['response', 'sent', expect.stringContaining('sealed:')],
    ['request', 'sent', '{"name":"ada"}'],
    ['response', 'sent', '{"name":"ada"}'],
    ['request', 'sent', '\0\xff\x01'],
    ['response', 'sent', '\0\xff\x01'],
  ])
  expect(text).not.toContain('1234')
})

it('has the events of a stream', async () => {
  const { case: read, judged, difference } = await openCase(await caseOf('path:/events'))
  expect([difference, judged!.taken]).toEqual([null, ['api:shop/data-mask message 1']])
  expect(read.messages.map(({ kind, bytes }) => [kind, Buffer.from(bytes).toString()])).toEqual([
    ['event', expect.stringContaining('sealed:')],
    ['event', expect.stringContaining('ada')],
  ])
})

it('says which message comes out otherwise', async () => {
  const other = async (query: string) => {
    const read = JSON.parse(await caseOf(query)) as { files: Record<string, string> }
    read.files['gatehouse.yaml'] = read.files['gatehouse.yaml']!.replace('[/pin]', '[/pin, /name]')
    return (await openCase(JSON.stringify(read))).difference
  }
  const [chat, events] = [await other('path:/chat'), await other('path:/events')]
  const as = { recorded: 'sent as it came', judged: expect.stringMatching(/^sent with other content \(\d+ bytes\)$/) }
  expect(chat).toEqual({ policy: 'api:shop/data-mask', field: 'message 3', ...as })
  expect(events).toEqual({ policy: 'api:shop/data-mask', field: 'message 2', ...as })
})

it('is refused with messages that nobody recorded', async () => {
  const broken = JSON.parse(await caseOf('path:/chat')) as { messages: unknown[] }
  broken.messages[0] = { number: 'one' }
  await expect(openCase(JSON.stringify(broken))).rejects.toMatchObject({ message: 'its messages are malformed' })
})
