import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ElectronApplication } from '@playwright/test'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { copySample, launch, type LaunchedApp, launchSettings, makeHome } from './launch.ts'

let home: string
let clean: () => void
let launched: LaunchedApp | undefined
beforeEach(() => {
  ;({ home, clean } = makeHome())
})
afterEach(async () => {
  await launched?.close()
  launched = undefined
  clean()
}, 20_000)

const titles = (app: ElectronApplication) =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().map((window) => window.getTitle()))

const windowCount = (app: ElectronApplication) =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)

/** Starts the app a second time as a user would; resolves with its exit code. */
async function startAgain(...args: string[]): Promise<number | null> {
  const { executablePath, args: all, env } = await launchSettings(home, args)
  const second = spawn(executablePath, all, { env, stdio: 'ignore' })
  return new Promise((resolve) => second.once('exit', resolve))
}

/** A workspace that needs no service. */
function workspace(name: string): string {
  const folder = join(home, name)
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'gatehouse.yaml'),
    `gatehouse: 1\nlisten: { http: 127.0.0.1:0 }\nupstreams: { api: http://127.0.0.1:9 }\napis: [{ name: all, upstream: api, routes: [{ path: /* }] }]\n`,
  )
  return folder
}

describe('a second start', () => {
  it('ends at once and opens another window in the first', async () => {
    launched = await launch(home, workspace('one'))
    const opened = launched.app.waitForEvent('window')
    expect(await startAgain(workspace('two'))).toBe(0)
    await opened
    expect(await windowCount(launched.app)).toBe(2)
    await expect
      .poll(() => titles(launched!.app), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(['one — Gatehouse', 'two — Gatehouse']))
  })

  it('with a workspace that is open brings its window to the front', async () => {
    const folder = workspace('one')
    launched = await launch(home, folder)
    await expect.poll(() => titles(launched!.app), { timeout: 10_000 }).toEqual(['one — Gatehouse'])
    expect(await startAgain(folder)).toBe(0)
    expect(await windowCount(launched.app)).toBe(1)
  })
})

describe('a window', () => {
  it('opens where and as it was', async () => {
    const folder = workspace('one')
    launched = await launch(home, folder)
    const bounds = { x: 120, y: 90, width: 1000, height: 700 }
    await launched.app.evaluate(async ({ BrowserWindow }, wanted) => {
      const window = BrowserWindow.getAllWindows()[0]!
      const { webContents } = window
      // A page that loads still gets the zoom that was kept.
      if (webContents.isLoadingMainFrame()) {
        await new Promise<void>((done) => webContents.once('did-finish-load', () => done()))
      }
      window.setBounds(wanted)
      webContents.setZoomLevel(1)
    }, bounds)
    const standing = () =>
      launched!.app.evaluate(({ BrowserWindow }) => {
        const window = BrowserWindow.getAllWindows()[0]!
        return { ...window.getNormalBounds(), zoom: window.webContents.getZoomLevel() }
      })
    // The display answers when it has moved and sized the window, one after the other.
    await expect.poll(standing).toEqual({ ...bounds, zoom: 1 })
    await launched.close()
    launched = await launch(home, folder)
    await launched.page.waitForLoadState('load')
    await expect.poll(standing).toEqual({ ...bounds, zoom: 1 })
  })

  it('has native menus with the actions of the workbench, and runs them in the page', async () => {
    launched = await launch(home)
    const labels = await launched.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!.items.map(({ label }) => label.replace('&', '')),
    )
    expect(labels).toEqual(expect.arrayContaining(['File', 'Edit', 'View', 'Gateway', 'Window', 'Help']))
    await launched.page.evaluate(() => {
      const heard: string[] = []
      Object.assign(window, { heard })
      window.gatehouse!.onMenu((command) => void heard.push(command))
    })
    await launched.app.evaluate(({ Menu, BrowserWindow }) => {
      BrowserWindow.getAllWindows()[0]!.focus()
      Menu.getApplicationMenu()!.getMenuItemById('view.palette')!.click()
    })
    await expect
      .poll(() => launched!.page.evaluate(() => (window as unknown as { heard: string[] }).heard))
      .toEqual(['view.palette'])
    const view = await launched.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()!
        .items.find(({ label }) => label === '&View')!
        .submenu!.items.map(({ label }) => label),
    )
    expect(view).toEqual(expect.arrayContaining(['Traffic', 'Policies', 'Intercept', 'Replay', 'Tests']))
  })

  it('is made larger and smaller by its keys', async () => {
    launched = await launch(home)
    const { page } = launched
    await page.getByRole('heading', { name: 'What do you have?' }).waitFor({ timeout: 15_000 })
    const zoom = () =>
      launched!.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getZoomLevel())
    await page.keyboard.press('Control++')
    await expect.poll(zoom).toBe(0.5)
    await page.keyboard.press('Control+-')
    await page.keyboard.press('Control+-')
    await expect.poll(zoom).toBe(-0.5)
    await page.keyboard.press('Control+0')
    await expect.poll(zoom).toBe(0)
  })

  it('asks for folders and files with the dialogs of the system', async () => {
    launched = await launch(home)
    await launched.app.evaluate(({ dialog }) => {
      const asked: unknown[] = []
      Object.assign(globalThis, { asked })
      dialog.showOpenDialog = (...args: unknown[]) => {
        asked.push(args.at(-1))
        return Promise.resolve({ canceled: false, filePaths: ['/chosen'] })
      }
      dialog.showSaveDialog = () => Promise.resolve({ canceled: true, filePath: '' })
    })
    const answers = await launched.page.evaluate(async () => [
      await window.gatehouse!.chooseFolder(),
      await window.gatehouse!.chooseFile('har'),
      await window.gatehouse!.chooseFile('../etc' as 'har'),
      await window.gatehouse!.chooseNewFile('har'),
    ])
    expect(answers).toEqual(['/chosen', '/chosen', null, null])
    const asked = await launched.app.evaluate(
      () => (globalThis as unknown as { asked: { properties: string[] }[] }).asked,
    )
    expect(asked.map(({ properties }) => properties[0])).toEqual(['openDirectory', 'openFile'])
  })

  it('follows the theme of the page in its native parts', async () => {
    launched = await launch(home)
    const source = () => launched!.app.evaluate(({ nativeTheme }) => nativeTheme.themeSource)
    await launched.page.evaluate(() => window.gatehouse!.setTheme('light'))
    await expect.poll(source).toBe('light')
    await launched.page.evaluate(() => window.gatehouse!.setTheme('pink' as 'light'))
    await launched.page.evaluate(() => window.gatehouse!.setTheme('dark'))
    await expect.poll(source).toBe('dark')
  })
})

describe('a wrong command line', () => {
  it('ends with 2', async () => {
    expect(await startAgain('--attach=nonsense')).toBe(2)
  })
})

describe('the sample', () => {
  it('can be copied and opened like any folder', async () => {
    launched = await launch(home, copySample(home))
    await expect.poll(() => titles(launched!.app)).toEqual(['bookshop — Gatehouse'])
  })
})
