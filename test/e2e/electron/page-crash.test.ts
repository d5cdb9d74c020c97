import { afterAll, beforeAll, expect, it } from 'vitest'
import { launch, type LaunchedApp, makeHome } from './launch.ts'

let launched: LaunchedApp
const { home, clean } = makeHome()
beforeAll(async () => {
  launched = await launch(home)
}, 130_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

it('a page that crashed is loaded again, and speaks with its core', async () => {
  // Asked through the main process: the test's own channel into the page dies with it.
  const answer = await launched.app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const again = new Promise<void>((resolve) => void webContents.once('did-finish-load', () => resolve()))
    webContents.forcefullyCrashRenderer()
    await again
    return (await webContents.executeJavaScript(
      'new Promise((resolve) => window.gatehouse.onCore(({ state }) => state === "running" && resolve(state)))',
    )) as string
  })
  expect(answer).toBe('running')
})
