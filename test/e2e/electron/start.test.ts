import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { cacheFolder, findProjectNode, root } from './build-scripts.ts'
import { display } from './display.ts'
import { copySample, endProcess, makeHome } from './launch.ts'

/** `npm start`, as far as it can be told from outside: which of the three faces the gateway gets. */
let home: string
let clean: () => void
let started: ChildProcess | undefined
beforeEach(() => {
  ;({ home, clean } = makeHome())
})
afterEach(async () => {
  await endProcess(started)
  clean()
}, 20_000)

/** Runs `npm start -- …` and collects what it says. */
function start(args: string[], env: Record<string, string>): { said: () => string } {
  let text = ''
  started = spawn(findProjectNode()!, [join(root, 'build', 'start.mjs'), ...args], {
    cwd: home,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      // A home of its own, but not an Electron of its own.
      GATEHOUSE_CACHE: cacheFolder(),
      INIT_CWD: home,
      WAYLAND_DISPLAY: '',
      ...env,
    },
  })
  for (const stream of [started.stdout!, started.stderr!])
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()))
  return { said: () => text }
}

function workspace(): string {
  const folder = copySample(home, 'minimal')
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace('gatehouse: 1\n', 'gatehouse: 1\nlisten: { http: 127.0.0.1:0 }\n'),
  )
  return folder
}

describe('npm start', () => {
  it('opens the window where there is a display', async () => {
    const { said } = start([workspace()], { DISPLAY: await display() })
    // Written by the core of the window once the workspace is open.
    await expect.poll(() => existsSync(join(home, 'minimal', '.gatehouse')), { timeout: 12_000 }).toBe(true)
    expect(existsSync(join(home, '.config', 'gatehouse', 'desktop'))).toBe(true)
    expect(said()).not.toContain('No window')
  })

  it.skipIf(process.platform !== 'linux')(
    'says why there is none, and prints the address of the browser mode',
    async () => {
      const { said } = start([workspace()], { DISPLAY: '' })
      await expect.poll(said, { timeout: 12_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+\/#token=/)
      expect(said()).toMatch(/^No window: there is no display .*\n/)
      const gateway = /gateway\s+(http:\/\/127\.0\.0\.1:\d+)/.exec(said())![1]!
      await fetch(`${gateway}/hello`)
      await expect.poll(said).toContain('GET /hello')
    },
  )

  it('keeps to the terminal when asked', async () => {
    const { said } = start(['--terminal', workspace()], { DISPLAY: await display() })
    await expect.poll(said, { timeout: 12_000 }).toMatch(/http:\/\/127\.0\.0\.1:\d+/)
    expect(said()).not.toContain('#token')
  })
})
