import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from '@playwright/test'
import { findProjectNode, isStale, root } from '../electron/build-scripts.ts'

/** Another built program to test in the place of the one that stands here. */
const program = process.env['GATEHOUSE_APP'] ?? root

/** The workbench in browser mode on a small workspace of its own, with the Policies screen open in Chromium. */
export interface PoliciesPage {
  page: Page
  /** Errors in the page's console: what its content security policy refused, among others. */
  said: string[]
  folder: string
  /** The status that the gateway answers with. */
  send(path?: string): Promise<number>
  read(path?: string): string
  write(text: string, path?: string): void
  /** Puts the cursor at the begin of a line. */
  goTo(line: number): Promise<void>
  /** Replaces a line of the text in front, as a person does. */
  editLine(line: number, text: string): Promise<void>
  close(): Promise<void>
}

export const policyLine = 7
const workspaceText = (upstream: number) => `# A gateway that lets nobody in.
gatehouse: 1
name: closed
listen: { http: "127.0.0.1:0" }
upstreams:
  api: { url: "http://127.0.0.1:${upstream}" }   # the test's own server
policies: [{ ip-restriction: { deny: [127.0.0.0/8] } }]
apis:
  - name: api
    upstream: api
    routes:
      - path: /*
        policies:
          - request-size-limiting: { url: 2kb }
`

export async function openPolicies(): Promise<PoliciesPage> {
  const upstream = http.createServer((_, response) => response.end('ok'))
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-policies-'))
  const file = (path = 'gatehouse.yaml') => join(folder, path)
  writeFileSync(file(), workspaceText((upstream.address() as AddressInfo).port))
  const { core, url, gateway } = await serve(folder)
  const browser = await launchChromium()
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  const page = await context.newPage()
  const errors: string[] = []
  const said: string[] = []
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()))
  page.on('pageerror', (error) => errors.push(error.stack ?? error.message))
  await page.goto(url)
  await toPolicies(page)

  const goTo = async (line: number) => {
    await page
      .locator('.code-text .monaco-editor')
      .first()
      .click({ position: { x: 200, y: 14 } })
    await page.keyboard.press('ControlOrMeta+Home')
    for (let at = 1; at < line; at++) await page.keyboard.press('ArrowDown')
  }
  return {
    page,
    said,
    folder,
    send: async (path = '/') => {
      const response = await fetch(new URL(path, gateway))
      await response.arrayBuffer()
      return response.status
    },
    read: (path) => readFileSync(file(path), 'utf8'),
    write: (text, path) => writeFileSync(file(path), text),
    goTo,
    editLine: async (line, text) => {
      await goTo(line)
      await page.keyboard.press('End')
      await page.keyboard.press('Shift+Home')
      await page.keyboard.insertText(text)
    },
    close: async () => {
      await browser.close()
      const ended = new Promise((resolve) => core.once('exit', resolve))
      core.kill('SIGTERM')
      await ended
      upstream.closeAllConnections()
      await new Promise((resolve) => upstream.close(resolve))
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
      if (errors.length > 0) throw new Error(`the page threw: ${errors.join('\n')}`)
    },
  }
}

/** Goes to the screen, and waits for its text. */
export async function toPolicies(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Policies' }).click()
  await page.locator('.code-text .view-line').first().waitFor()
}

async function serve(folder: string): Promise<{ core: ChildProcess; url: string; gateway: string }> {
  if (program === root && (!existsSync(join(root, 'dist', 'renderer', 'index.html')) || isStale(root))) {
    throw new Error('dist/ is older than the sources: run "npm run build" first')
  }
  const main = join(program, 'dist', 'gatehouse.js')
  const home = join(folder, '.gatehouse-home')
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home }
  const core = spawn(findProjectNode() ?? process.execPath, [main, 'serve', folder, '--ui', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
  })
  let said = ''
  return new Promise((resolve, reject) => {
    core.stderr.on('data', (data: Buffer) => (said += data.toString()))
    core.stdout.on('data', (data: Buffer) => {
      said += data.toString()
      const line = said.split('\n').find((one) => one.startsWith('{"event":"workbench"'))
      if (!line || !said.includes('\n')) return
      const { url, gateway } = JSON.parse(line) as { url: string; gateway: { http: string } }
      resolve({ core, url, gateway: gateway.http })
    })
    core.once('exit', (code) => reject(new Error(`the core ended with ${code}: ${said}`)))
  })
}

async function launchChromium(): Promise<Browser> {
  const system = '/usr/bin/chromium'
  return chromium.launch({
    args: ['--disable-gpu', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    ...(existsSync(system) && { executablePath: system }),
  })
}
