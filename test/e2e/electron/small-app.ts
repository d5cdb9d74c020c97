import { mkdirSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { WebSocketServer } from 'ws'
import { launch, type LaunchedApp, makeHome } from './launch.ts'

export interface SmallAppOptions {
  /** YAML of the workspace behind `upstreams`; default: one api that takes everything. */
  yaml?: string
  /** More files of the workspace. */
  files?: Readonly<Record<string, string>>
  /** What the server answers; default: `from the upstream` and the header X-Debug. */
  answer?: http.RequestListener
}

/** The app on a small workspace before a server that answers, streams events and echoes WebSocket messages. */
export interface SmallApp extends LaunchedApp {
  gateway: string
  folder: string
  upstream: http.Server
  /** Status and body of an answer on a connection of its own; `gone` where the connection ends without one. */
  ask(path: string, options?: { method?: string; headers?: Record<string, string>; body?: string }): Promise<string>
  /** Goes to Intercept and writes a breakpoint, by keyboard. */
  hold(query: string, on?: 'Requests' | 'Messages'): Promise<void>
  /** Goes to Intercept and takes all breakpoints away. */
  forget(): Promise<void>
  corePids(): Promise<number[]>
}

export async function openSmallApp({ yaml, files = {}, answer }: SmallAppOptions = {}): Promise<SmallApp> {
  const { home, clean } = makeHome()
  const upstream = http.createServer((request, response) => {
    if (answer) return answer(request, response)
    if (request.url !== '/events')
      return void response.end(`from the upstream${String(request.headers['x-debug'] ?? '')}`)
    response.setHeader('Content-Type', 'text/event-stream')
    response.write('data: one\n\n')
  })
  const sockets = new WebSocketServer({ server: upstream })
  sockets.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(`echo ${data.toString()}`)))
  const upstreamPort = await listen(upstream)
  const port = await freePort()
  const gateway = `http://127.0.0.1:${port}`
  const folder = join(home, 'held')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'gatehouse.yaml'),
    `gatehouse: 1\nlisten: { http: "127.0.0.1:${port}" }\nupstreams: { web: "http://127.0.0.1:${upstreamPort}" }\n${yaml ?? 'apis: [{ name: web, upstream: web }]\n'}`,
  )
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const launched = await launch(home, folder)
  const { app, page } = launched
  page.setDefaultTimeout(10_000)
  await page.locator('.header-run-running').waitFor({ timeout: 30_000 })
  const remove = page.getByRole('button', { name: /^Remove the breakpoint/ })
  return {
    ...launched,
    gateway,
    folder,
    upstream,
    ask: (path, options) => ask(gateway + path, options),
    async hold(query, on = 'Requests') {
      await page.keyboard.press('Alt+3')
      await page.getByRole('combobox', { name: 'Query' }).waitFor()
      await page.getByRole('radio', { name: on }).focus()
      await page.keyboard.press('Enter')
      await page.evaluate(() => (document.activeElement as HTMLElement).blur())
      await page.keyboard.press('/')
      await page.keyboard.type(query)
      await page.keyboard.press('Enter')
      await page.locator('.breakpoints li', { hasText: query }).waitFor()
    },
    async forget() {
      await page.keyboard.press('Alt+3')
      for (let left = await remove.count(); left > 0; left--) {
        await remove.first().focus()
        await page.keyboard.press('Enter')
        await page.waitForFunction((many) => document.querySelectorAll('.breakpoints li').length < many, left)
      }
    },
    corePids: () =>
      app.evaluate(({ app: main }) =>
        main
          .getAppMetrics()
          .filter(({ type, name }) => type === 'Utility' && name?.startsWith('Gatehouse core'))
          .map(({ pid }) => pid),
      ),
    async close() {
      await launched.close()
      for (const client of sockets.clients) client.terminate()
      upstream.closeAllConnections()
      upstream.close()
      clean()
    },
  }
}

function ask(
  url: string,
  { method = 'GET', headers, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = http.request(url, { agent: false, method, ...(headers && { headers }) }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve(`${response.statusCode} ${text}`))
    })
    outgoing.on('error', () => resolve('gone'))
    outgoing.end(body)
  })
}

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
