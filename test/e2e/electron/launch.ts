import type { ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { findElectron, findProjectNode, isStale, root } from './build-scripts.ts'
import { display } from './display.ts'

/** Another built app to test in the place of the one in `dist`. */
const appFolder = process.env['GATEHOUSE_APP'] ?? root

/** A running app with a home of its own. */
export interface LaunchedApp {
  app: ElectronApplication
  /** Its first window. */
  page: Page
  /** Folder for workspaces; the app's own folder stands in it too. */
  home: string
  /** Ends the app; its home stays for another launch until `clean`. */
  close: () => Promise<void>
}

/** A new home for an app, with what has to be removed afterwards. */
export function makeHome(): { home: string; clean: () => void } {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-app-'))
  return { home, clean: () => rmSync(home, { recursive: true, force: true, maxRetries: 5 }) }
}

/** A copy of the sample, which a test may change and run. */
export function copySample(home: string, name = 'bookshop'): string {
  const folder = join(home, name)
  mkdirSync(folder, { recursive: true })
  const own = /(?:^|\/)\.gatehouse(?:\/|$)/
  cpSync(join(root, 'samples', name), folder, { recursive: true, filter: (from) => !own.test(from) })
  return folder
}

/** Key of the sample's reader in a copy, which has no key for the sample's secrets. */
export const sampleKey = 'a-key-of-the-test-only'

/** A copy of the bookshop that listens on a port that is free: tests run side by side. */
export function copyBookshop(home: string): { folder: string; file: string } {
  const folder = copySample(home)
  const file = join(folder, 'gatehouse.yaml')
  const text = readFileSync(file, 'utf8').replace('127.0.0.1:8080', '127.0.0.1:0')
  writeFileSync(file, text.replace('${secret:mobile-app-key}', sampleKey))
  return { folder, file }
}

/** Address of the gateway, once it runs. */
export async function gatewayOf(page: Page): Promise<string> {
  const address = page.getByText(/127\.0\.0\.1:\d+/).first()
  await address.waitFor({ timeout: 15_000 })
  return `http://${/127\.0\.0\.1:\d+/.exec(await address.innerText())![0]}`
}

/** The Electron that tests run on. Throws with the reason where there is none: nothing is skipped. */
export function electronBinary(): string {
  const found = findElectron()
  if ('problem' in found) throw new Error(found.problem)
  return found.binary
}

/** What every start of the app in a test is given. */
export async function launchSettings(home: string, args: readonly string[]) {
  if (appFolder === root && (!existsSync(join(root, 'dist', 'electron', 'main.cjs')) || isStale(root))) {
    throw new Error('dist/ is older than the sources: run "npm run build" first')
  }
  const env = Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== undefined))
  return {
    executablePath: electronBinary(),
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${join(home, 'app')}`,
      appFolder,
      ...args,
    ],
    env: {
      ...(env as Record<string, string>),
      DISPLAY: await display(),
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      GATEHOUSE_NODE: findProjectNode() ?? process.execPath,
    },
  }
}

/** Starts the built app in real Electron and waits for its first window; an app that shows none is ended, with what it said. */
export async function launch(home: string, ...args: string[]): Promise<LaunchedApp> {
  const app = await _electron.launch({ ...(await launchSettings(home, args)), timeout: 40_000 })
  let said = ''
  app.process().stderr?.on('data', (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4000)))
  try {
    const page = await app.firstWindow({ timeout: 40_000 })
    await page.waitForLoadState('domcontentloaded', { timeout: 40_000 })
    return { app, page, home, close: () => app.close() }
  } catch (error) {
    app.process().kill('SIGKILL')
    throw new Error(`the app showed no window; it said: ${said || 'nothing'}`, { cause: error })
  }
}

/** Asks for a port as the page does, and makes one call over it: the answer's frame. */
export async function askOverNewPort(page: Page): Promise<unknown> {
  const answer = await page.evaluate(
    () =>
      new Promise<string>((resolve) => {
        window.addEventListener('message', (event) => {
          if (event.data !== 'gatehouse:port') return
          const port = event.ports[0]!
          port.addEventListener('message', ({ data }) => resolve(String(data)))
          port.start()
          port.postMessage(JSON.stringify({ t: 'call', id: 1, name: 'workbench.state', params: {} }))
        })
        window.gatehouse!.connect()
      }),
  )
  return JSON.parse(answer)
}

/** Ends a process that a test started, and waits until it is gone. */
export async function endProcess(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill()
  await ended
}
