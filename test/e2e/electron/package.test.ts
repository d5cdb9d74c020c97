import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { listPackage } from '@electron/asar'
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { findProjectNode, root } from './build-scripts.ts'
import { display } from './display.ts'
import { endProcess, makeHome } from './launch.ts'

/** The packaged app: made as `npm run package` makes it, looked into, and started. */
const packaged = join(root, 'dist', 'package', 'linux-unpacked')
const binary = join(packaged, 'gatehouse-workbench')
const resources = join(packaged, 'resources')
const { home, clean } = makeHome()
let app: ChildProcess | undefined

beforeAll(() => {
  const made = spawnSync(findProjectNode()!, [join(root, 'build', 'electron-package.mjs')], { encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`npm run package failed:\n${made.stdout}\n${made.stderr}`)
}, 120_000)
afterAll(async () => {
  await endProcess(app)
  clean()
}, 20_000)

describe('the package', () => {
  it('has its fuses set', async () => {
    const wire = await getCurrentFuseWire(binary)
    // Each state is a character: `1` is on.
    const isOn = (fuse: FuseV1Options) => String.fromCharCode(Number(wire[fuse])) === '1'
    expect({
      runAsNode: isOn(FuseV1Options.RunAsNode),
      cookieEncryption: isOn(FuseV1Options.EnableCookieEncryption),
      nodeOptions: isOn(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
      inspect: isOn(FuseV1Options.EnableNodeCliInspectArguments),
      asarIntegrity: isOn(FuseV1Options.EnableEmbeddedAsarIntegrityValidation),
      onlyAsar: isOn(FuseV1Options.OnlyLoadAppFromAsar),
    }).toEqual({
      runAsNode: false,
      cookieEncryption: true,
      nodeOptions: false,
      inspect: false,
      asarIntegrity: true,
      onlyAsar: true,
    })
  })

  it('holds the app and the native packages that it needs, and nothing else', () => {
    const files = listPackage(join(resources, 'app.asar'), { isPack: false })
    for (const needed of [
      '/dist/electron/main.cjs',
      '/dist/electron/preload.cjs',
      '/dist/electron/core-process.cjs',
      '/dist/renderer/index.html',
      '/node_modules/libsql/index.js',
    ]) {
      expect(files).toContain(needed)
    }
    const packages = new Set(files.flatMap((file) => /^\/node_modules\/([^/]+)$/.exec(file)?.[1] ?? []))
    expect([...packages].sort()).toEqual(['@libsql', '@neon-rs', 'detect-libc', 'libsql'])
    expect(files.filter((file) => /\.(?:ts|map)$|^\/(?:test|docs|gateway-core|samples)\//.test(file))).toEqual([])
  })

  it('has no app of its own to fall back to', () => {
    expect(readdirSync(resources).sort()).toEqual(['app.asar', 'app.asar.unpacked', 'samples'])
  })

  it('keeps native modules outside of the archive', () => {
    const unpacked = readdirSync(join(resources, 'app.asar.unpacked'), { recursive: true }).map(String)
    expect(unpacked.filter((file) => file.endsWith('.node'))).not.toEqual([])
  })

  it('brings the samples, without what running them left behind', () => {
    expect(existsSync(join(resources, 'samples', 'bookshop', 'gatehouse.yaml'))).toBe(true)
    const files = readdirSync(join(resources, 'samples'), { recursive: true }).map(String)
    expect(files.filter((file) => /\.gatehouse|secrets\.enc\.yaml/.test(file))).toEqual([])
  })
})

describe('the packaged app', () => {
  it('starts, shows its page, its core runs, and what passes its gateway is recorded', async () => {
    const data = join(home, 'app')
    const folder = join(home, 'shop')
    mkdirSync(folder)
    writeFileSync(
      join(folder, 'gatehouse.yaml'),
      'gatehouse: 1\nlisten: { http: 127.0.0.1:0 }\nupstreams: { api: http://127.0.0.1:9 }\napis: [{ name: all, upstream: api, routes: [{ path: /* }] }]\n',
    )
    const args = [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      `--user-data-dir=${data}`,
      '--remote-debugging-port=0',
      folder,
    ]
    app = spawn(binary, args, {
      stdio: 'ignore',
      env: { ...process.env, DISPLAY: await display(), HOME: home, XDG_CONFIG_HOME: join(home, '.config') },
    })
    // No inspector can be had, by its fuses: the page is looked at through Chromium's own port.
    const portFile = join(data, 'DevToolsActivePort')
    await expect
      .poll(() => existsSync(portFile) && readFileSync(portFile, 'utf8').includes('\n'), { timeout: 15_000 })
      .toBe(true)
    const port = readFileSync(portFile, 'utf8').split('\n')[0]!
    const target = await pageTarget(port)
    expect(target.url.split('#')[0]).toBe('app://gatehouse/')
    const state = `new Promise((resolve) => window.gatehouse.onCore(({ state, reason }) => {
      if (state === 'running') resolve(state)
      else if (state !== 'starting') resolve(state + ': ' + reason)
    }))`
    // The page may just be loading: what is asked of it then dies with its context, and is asked again.
    const ask = () => evaluateIn(target.webSocketDebuggerUrl, state).catch((error: Error) => error.message)
    await expect.poll(ask, { timeout: 20_000 }).toBe('running')
    const read = (selector: string) =>
      evaluateIn(
        target.webSocketDebuggerUrl,
        `document.querySelector(${JSON.stringify(selector)})?.textContent ?? ''`,
      ).catch((error: Error) => error.message)
    const address = /127\.0\.0\.1:\d+/
    await expect.poll(() => read('.header-address'), { timeout: 20_000 }).toMatch(address)
    const gateway = address.exec(String(await read('.header-address')))![0]
    expect((await fetch(`http://${gateway}/seen`)).status).toBe(502)
    // Workers of the package took it, wrote it and found it.
    await expect.poll(() => read('.traffic-row'), { timeout: 10_000 }).toContain('/seen')
  }, 60_000)

  it('does not run as Node', () => {
    const { stdout } = spawnSync(binary, ['-p', '"as node"'], {
      encoding: 'utf8',
      timeout: 3000,
      env: { ...process.env, DISPLAY: '', ELECTRON_RUN_AS_NODE: '1' },
    })
    expect(stdout).not.toContain('as node')
  })
})

interface Target {
  type: string
  url: string
  webSocketDebuggerUrl: string
}

/** The page of the app, as Chromium's port lists it. */
async function pageTarget(port: string): Promise<Target> {
  // Between two loads a page is not listed: the one that was seen is kept.
  let seen: Target | undefined
  const find = async () => {
    const targets = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as Target[]
    return (seen = targets.find(({ type, url }) => type === 'page' && url.startsWith('app:')))
  }
  await expect.poll(find, { timeout: 10_000 }).toBeDefined()
  return seen!
}

/** The value of an expression in a page, by the DevTools protocol: Playwright does not connect to Electron this way. */
async function evaluateIn(address: string, expression: string): Promise<unknown> {
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  const params = { expression, awaitPromise: true, returnByValue: true }
  socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params }))
  const answer = await new Promise<Answer>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the page closed the connection')))
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as Answer
      if (message.id === 1) resolve(message)
    })
  })
  socket.close()
  if (!answer.result) throw new Error(answer.error?.message ?? 'no answer')
  return answer.result.result.value
}

interface Answer {
  id?: number
  result?: { result: { value?: unknown } }
  error?: { message: string }
}
