import { afterEach, describe, expect, it } from 'vitest'
import type { TestUpstream } from '../gateway-fixture.ts'
import { type Desk, openDesk } from './desk.ts'

let desk: Desk
let upstream: TestUpstream
afterEach(async () => {
  await desk.close()
  await upstream.close()
})

const kept = JSON.stringify([{ query: 'path:/held', on: 'request', enabled: true, once: true, limitMs: 1_800_000 }])
const open = async (unseenMs: number) => {
  ;({ desk, upstream } = await openDesk('', { '.gatehouse/breakpoints.json': kept }, { unseenMs }))
}

/** A screen that opens: what it sees, and how it goes. */
const look = () => {
  const { handlers, close } = desk.workbench.connect(() => undefined)
  const signal = new AbortController().signal
  return { state: async () => handlers['intercept.state']({}, { signal }), close }
}

describe('without a screen', () => {
  it('a breakpoint lets pass what nobody could see, and everything says so', async () => {
    await open(0)
    desk.leave()
    // The timer of the last screen comes before any request.
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect((await desk.send('/held')).status).toBe(200)
    const screen = look()
    const { breakpoints, held } = await screen.state()
    // Only the next match: it was not held, and still stands.
    expect([held, breakpoints]).toEqual([0, [expect.objectContaining({ enabled: true, hits: 0, unseen: 1 })]])
    await expect.poll(() => desk.workbench.workspace.captures.list({ query: 'touched:released' }).length).toBe(1)
    const [row] = desk.workbench.workspace.captures.list({ query: 'touched:released' })
    expect(desk.workbench.workspace.captures.get(row!.id)!.intercepted!.touches).toEqual([
      expect.objectContaining({ did: 'released', says: 'no screen of the workbench was open to see it' }),
    ])
    // Somebody looks again.
    const answer = desk.send('/held')
    await expect.poll(async () => (await screen.state()).held).toBe(1)
    screen.close()
    // And goes away: what is held goes on.
    expect((await answer).status).toBe(200)
  })

  it('it holds for a moment, in which a page is loaded anew', async () => {
    await open(60_000)
    const answer = desk.send('/held')
    await expect.poll(async () => (await desk.call('intercept.state', {})).held).toBe(1)
    desk.leave()
    const screen = look()
    expect((await screen.state()).held).toBe(1)
    await desk.call('intercept.resumeAll', {})
    expect((await answer).status).toBe(200)
  })
})
