import { afterAll, beforeAll, expect, it } from 'vitest'
import { copySample, launch, type LaunchedApp, makeHome } from './launch.ts'

let launched: LaunchedApp
const { home, clean } = makeHome()
beforeAll(async () => {
  launched = await launch(home, copySample(home, 'minimal'))
}, 90_000)
afterAll(async () => {
  await launched?.close()
  clean()
}, 20_000)

it('a page that crashed is loaded again, and speaks with its core', async () => {
  // Asked through the main process: the test's own channel into the page dies with it.
  const answer = await launched.app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    const gone = new Promise<void>((resolve) => void webContents.once('render-process-gone', () => resolve()))
    webContents.forcefullyCrashRenderer()
    await gone
    // A page asked while it goes, or before it is there again, never answers: it is asked again.
    for (;;) {
      const asked = webContents.executeJavaScript(
        'new Promise((resolve) => window.gatehouse.onCore(({ state }) => state === "running" && resolve(state)))',
      ) as Promise<string>
      const state = await Promise.race([
        asked.catch(() => ''),
        new Promise<string>((give) => setTimeout(give, 1000, '')),
      ])
      if (state !== '') return state
    }
  })
  expect(answer).toBe('running')
})

it('a page that is loaded again shows the open workspace again, and goes without a crash', async () => {
  const seen = await launched.app.evaluate(async ({ BrowserWindow }) => {
    const { webContents } = BrowserWindow.getAllWindows()[0]!
    let crashes = 0
    webContents.on('render-process-gone', () => crashes++)
    const read = () =>
      webContents.executeJavaScript(
        'document.documentElement.dataset.reloaded ? "" : document.querySelector(".header-menu")?.textContent ?? ""',
      ) as Promise<string>
    await webContents.executeJavaScript('void (document.documentElement.dataset.reloaded = "before")')
    webContents.reload()
    for (;;) {
      const text = await Promise.race([
        read().catch(() => ''),
        new Promise<string>((give) => setTimeout(give, 500, '')),
      ])
      if (text !== '') return { text, crashes }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  })
  expect(seen).toEqual({ text: 'minimal', crashes: 0 })
})
