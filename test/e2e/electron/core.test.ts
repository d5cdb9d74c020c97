import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askOverNewPort, copySample, launch, type LaunchedApp, makeHome } from './launch.ts'

let launched: LaunchedApp
const { home, clean } = makeHome()
beforeAll(async () => {
  launched = await launch(home, copySample(home, 'minimal'))
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

interface Status {
  state: string
  reason?: string
  restarts: number
}

/** What the page was told of its core so far, the newest last. */
async function statuses(): Promise<Status[]> {
  return launched.page.evaluate(() => {
    const seen = window as unknown as { seenStatuses?: Status[] }
    if (!seen.seenStatuses) {
      const list: Status[] = []
      seen.seenStatuses = list
      window.gatehouse!.onCore((status) => void list.push(status))
    }
    return seen.seenStatuses
  })
}

const corePids = () =>
  launched.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .filter(({ type, name }) => type === 'Utility' && name?.startsWith('Gatehouse core'))
      .map(({ pid }) => pid),
  )

describe('the core of a window', () => {
  it('is a process of its own', async () => {
    await expect.poll(async () => (await statuses()).at(-1)?.state, { timeout: 10_000 }).toBe('running')
    const pids = await corePids()
    expect(pids).toHaveLength(1)
    expect(pids[0]).not.toBe(launched.app.process().pid)
  })

  it('answers the page over a port', async () => {
    expect(await askOverNewPort(launched.page)).toMatchObject({ t: 'result', id: 1, result: { mode: 'electron' } })
  })

  it('is started again after a crash, with the reason in the window', async () => {
    const [before] = await corePids()
    process.kill(before!, 'SIGKILL')
    await expect
      .poll(async () => (await statuses()).slice(-2).map(({ state }) => state), { timeout: 10_000 })
      .toEqual(['restarting', 'running'])
    const [restarting] = (await statuses()).slice(-2)
    expect(restarting!.reason).toMatch(/^the core ended/)
    const [after] = await corePids()
    expect(after).not.toBe(before)
    await launched.page
      .getByText(/the core ended/)
      .first()
      .waitFor({ timeout: 10_000 })
    await expect
      .poll(() => launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getTitle()), {
        timeout: 10_000,
      })
      .toBe('minimal — Gatehouse')
  })

  it('is ended with its window', async () => {
    const [pid] = await corePids()
    const opened = launched.app.waitForEvent('window')
    await launched.page.evaluate(() => window.gatehouse!.openWindow())
    const other = await opened
    await launched.page.close()
    await expect.poll(() => isRunning(pid!), { timeout: 10_000 }).toBe(false)
    expect(await other.title()).toBeDefined()
  })
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
