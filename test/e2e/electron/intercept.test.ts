import { mkdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launch, type LaunchedApp, makeHome } from './launch.ts'

let launched: LaunchedApp
let gateway: string
let upstream: http.Server
const { home, clean } = makeHome()
beforeAll(async () => {
  upstream = http.createServer((_, response) => void response.end('from the upstream'))
  const upstreamPort = await listen(upstream)
  const port = await freePort()
  gateway = `http://127.0.0.1:${port}`
  const folder = join(home, 'held')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'gatehouse.yaml'),
    `gatehouse: 1\nlisten: { http: "127.0.0.1:${port}" }\nupstreams: { web: "http://127.0.0.1:${upstreamPort}" }\napis: [{ name: web, upstream: web }]\n`,
  )
  launched = await launch(home, folder)
}, 130_000)
afterAll(async () => {
  await launched?.close()
  upstream?.close()
  clean()
}, 20_000)

const badge = () => launched.page.locator('.held-badge')
const head = () => launched.page.getByLabel('Start line and headers')

/** Status and body of an answer on a connection of its own; `gone` where the connection ends without one. */
function ask(path: string): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = http.get(`${gateway}${path}`, { agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    outgoing.on('error', () => resolve('gone'))
  })
}

describe('Intercept in the desktop app', () => {
  it('holds a request, and sends on what was typed into it', async () => {
    const { page } = launched
    await page.locator('.header-run-running').waitFor({ timeout: 30_000 })
    await page.keyboard.press('Alt+3')
    await page.getByRole('combobox', { name: 'Query' }).waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('path:/held')
    await page.keyboard.press('Enter')
    await page.locator('.breakpoints li').waitFor()
    expect(await ask('/free')).toBe('200 from the upstream')
    const seen = new Promise((resolve) => upstream.once('request', ({ url }) => resolve(url)))
    const answer = ask('/held')
    await head().waitFor()
    expect(await badge().textContent()).toBe('1 held')
    await head().fill((await head().inputValue()).replace('GET /held', 'GET /typed?by=hand'))
    await page.keyboard.press('Control+Enter')
    expect(await answer).toBe('200 from the upstream')
    expect(await seen).toBe('/typed?by=hand')
  }, 60_000)

  it('says what became of fifty held requests when the core crashes, and is back at once', async () => {
    const { page } = launched
    const answers = Array.from({ length: 50 }, (_, at) => ask(`/held/${at}`))
    await expect.poll(() => badge().textContent(), { timeout: 10_000 }).toBe('50 held')
    const [pid] = await corePids()
    const begun = performance.now()
    process.kill(pid!, 'SIGKILL')
    // The clients are not left waiting.
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['gone']))
    while ((await ask('/free')) !== '200 from the upstream') {
      expect(performance.now() - begun).toBeLessThan(20_000)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const backMs = performance.now() - begun
    console.info(`the gateway was back ${Math.round(backMs)} ms after its core was killed`)
    await page.getByText('50 held messages ended with the core').waitFor({ timeout: 10_000 })
    await expect.poll(() => badge().count(), { timeout: 10_000 }).toBe(0)
    // What was recorded before is there, and the breakpoint holds again.
    await page.locator('.breakpoints li', { hasText: 'path:/held' }).waitFor()
    const held = ask('/held/again')
    await expect.poll(() => badge().textContent(), { timeout: 10_000 }).toBe('1 held')
    await page.getByRole('button', { name: 'Resume all' }).click()
    expect(await held).toBe('200 from the upstream')
    await page.keyboard.press('Alt+1')
    for (const path of ['/free', '/typed?by=hand', '/held/again']) {
      await page.locator('.traffic-row', { hasText: path }).first().waitFor()
    }
    expect(await page.locator('.traffic-row', { hasText: '/held/4' }).count()).toBe(0)
    expect(backMs).toBeLessThan(5_000)
  }, 60_000)
})

const corePids = () =>
  launched.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .filter(({ type, name }) => type === 'Utility' && name?.startsWith('Gatehouse core'))
      .map(({ pid }) => pid),
  )

function listen(server: http.Server): Promise<number> {
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  )
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
