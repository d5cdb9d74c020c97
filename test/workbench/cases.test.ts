import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { testUpstream, type TestUpstream } from '../gateway-fixture.ts'
import { type Desk, makeDesk } from './desk.ts'

let upstream: TestUpstream
let desk: Desk
beforeAll(async () => {
  upstream = await testUpstream((_request, response) => {
    response.setHeader('Content-Type', 'text/event-stream').end('data: one\n\ndata: two\n\n')
  })
  desk = makeDesk({
    'gatehouse.yaml': `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { web: ${upstream.url} }
apis: [{ name: web, upstream: web, policies: [{ data-mask: { detect: [card] } }] }]
`,
  })
  await desk.call('workbench.open', { folder: desk.folder })
})
afterAll(async () => {
  await desk.close()
  await upstream.close()
})

it('the messages of a case are shown, from any of them on', async () => {
  await (await desk.send('/events')).text()
  const { captures } = desk.workbench.workspace
  const id = await vi.waitFor(async () => {
    await desk.workbench.workspace.flush()
    const [found] = captures.list({ query: 'path:/events' })
    expect(captures.countMessages(found!.id)).toBe(2)
    expect(found!.state).toBe('done')
    return found!.id
  }, 10_000)
  const { text } = await desk.call('cases.export', { exchange: id })
  const opened = await desk.call('cases.open', { text: text! })
  expect(opened).toMatchObject({ difference: null, taken: 0 })
  const all = await desk.call('traffic.messages', { id: opened.id, from: 1, count: 10 })
  expect(all).toMatchObject({
    total: 2,
    messages: [
      { number: 1, kind: 'event', content: { text: expect.stringContaining('one') as string } },
      { number: 2, kind: 'event', content: { text: expect.stringContaining('two') as string } },
    ],
  })
  const last = await desk.call('traffic.messages', { id: opened.id, from: 2, count: 10 })
  expect(last.messages.map(({ number }) => number)).toEqual([2])
})
