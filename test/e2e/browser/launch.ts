import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Page } from '@playwright/test'
import { testFilesIn } from '../../../gateway-core/tests/run-tests.ts'
import { findProjectNode, isStale, root } from '../electron/build-scripts.ts'

/** Another built program to test in the place of the one that stands here. */
const program = process.env['GATEHOUSE_APP'] ?? root
/** What runs TypeScript and the built program alike. */
const node = findProjectNode() ?? process.execPath

/** The workbench in browser mode, on a workspace of its own. */
export interface Workbench {
  /** Folder of the workspace. */
  folder: string
  page: Page
  context: BrowserContext
  /** Everything that the page wrote as an error, and what broke in it. */
  troubles: string[]
  /** Address of the gateway, as the page shows it. */
  gateway(): Promise<string>
  /** Ends the core at once, as a crash would. */
  crash(): Promise<void>
  close(): Promise<void>
}

/** A folder that holds a copy of the sample on free ports, so that tests run beside each other and beside a person. */
export async function copyBookshop(): Promise<{ home: string; folder: string; env: Record<string, string> }> {
  const home = mkdtempSync(join(tmpdir(), 'gatehouse-browser-'))
  const folder = join(home, 'bookshop')
  const own = /(?:^|\/)(?:\.gatehouse|secrets\.enc\.yaml)(?:\/|$)/
  cpSync(join(root, 'samples', 'bookshop'), folder, { recursive: true, filter: (from) => !own.test(from) })
  symlinkSync(join(root, 'node_modules'), join(home, 'node_modules'), 'dir')
  const [upstream, identity] = [await freePort(), await freePort()]
  for (const file of [
    'gatehouse.yaml',
    'environments/local.yaml',
    'environments/staging.yaml',
    'sequences/price.yaml',
    ...testFilesIn(folder),
  ]) {
    const path = join(folder, file)
    const text = readFileSync(path, 'utf8')
    writeFileSync(
      path,
      text.replaceAll('127.0.0.1:9001', `127.0.0.1:${upstream}`).replaceAll('127.0.0.1:9100', `127.0.0.1:${identity}`),
    )
  }
  const env = { BOOKSHOP_UPSTREAM_PORT: String(upstream), BOOKSHOP_IDENTITY_PORT: String(identity) }
  return { home, folder, env }
}

/** Opens the workbench on a copy of the bookshop; with `empty` on the welcome screen. */
export async function openWorkbench(options: { empty?: boolean; dark?: boolean } = {}): Promise<Workbench> {
  if (program === root && (!existsSync(join(root, 'dist', 'renderer', 'index.html')) || isStale(root))) {
    throw new Error('dist/ is older than the sources: run "npm run build" first')
  }
  const { home, folder, env } = await copyBookshop()
  const args = [...(options.empty ? [] : [folder, '--services']), '--ui', '--json', '--port', '0']
  const child = spawn(
    node,
    ['--disable-warning=ExperimentalWarning', join(program, 'dist', 'gatehouse.js'), 'serve', ...args],
    {
      env: { ...process.env, ...env, HOME: home, XDG_CONFIG_HOME: join(home, 'config') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const url = await addressOf(child)
  const browser = await launchChromium()
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    colorScheme: options.dark === false ? 'light' : 'dark',
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const troubles: string[] = []
  page.on('pageerror', (error) => troubles.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()))
  page.on('dialog', (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.goto(url)
  return {
    folder,
    page,
    context,
    troubles,
    async gateway() {
      const text = await page.locator('.header-address').textContent()
      return `http://${/[\d.]+:\d+/.exec(text ?? '')![0]}`
    },
    crash: () => ended(child, 'SIGKILL'),
    async close() {
      await browser.close()
      await ended(child, 'SIGTERM')
      rmSync(home, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** The workbench with the sample's traffic on its screen. */
export async function openWithTraffic(options: { dark?: boolean } = {}): Promise<Workbench> {
  const workbench = await openWorkbench(options)
  await workbench.page.getByRole('button', { name: 'Send sample traffic' }).click()
  await workbench.page.getByText('20 requests sent').waitFor()
  // The rows follow a moment later: they are drawn between frames.
  await workbench.page.locator('.traffic-scroll[aria-rowcount="21"]').waitFor()
  return workbench
}

/** Selects the newest row with this text, at once: rows move while requests come, and a mouse would hit another one. */
export async function openRow(page: Page, text: string): Promise<void> {
  await page.locator('.traffic-row', { hasText: text }).first().dispatchEvent('mousedown', { button: 0 })
  await page.getByRole('tab', { name: 'Decisions' }).waitFor()
}

/** What axe finds on the page as it is, in both themes, one line each. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  const faults: string[] = []
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.waitForFunction((wanted) => document.documentElement.dataset['theme'] === wanted, colorScheme)
    const { violations } = await new AxeBuilder({ page }).analyze()
    for (const { id, nodes } of violations)
      faults.push(`${colorScheme}: ${id} at ${nodes.map(({ html }) => html).join(' | ')}`)
  }
  return faults
}

function launchChromium(): Promise<Browser> {
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const own = '/usr/bin/chromium'
  return chromium.launch({ ...(existsSync(own) && { executablePath: own }), args })
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = ''
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stdout!.on('data', (chunk: Buffer) => {
      printed += chunk.toString()
      const url = /"url":"([^"]+)"/.exec(printed)?.[1]
      if (url !== undefined) resolve(url)
    })
    child.once('exit', (code) => reject(new Error(`the workbench ended (${code}): ${said}`)))
  })
}

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
