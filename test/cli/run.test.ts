import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { parse } from 'shell-quote'
import { afterEach, describe, expect, test } from 'vitest'
import { ensureLocalCa, hostLeafFor } from '../../gateway-core/proxy/local-ca.ts'
import { workspaceFolder } from '../gateway-fixture.ts'
import { cli } from './cli.ts'

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function place(files: Record<string, string> = {}): string {
  const made = workspaceFolder(files)
  open.push(() => made.remove())
  return made.folder
}

/** A server of HTTPS whose CA nobody knows, and that CA in a file. */
async function secureServer(): Promise<{ url: string; ca: string; seen: string[] }> {
  const folder = place()
  const ca = await ensureLocalCa(folder)
  const leaf = await hostLeafFor(ca, 'localhost')
  const seen: string[] = []
  const server = https.createServer({ cert: leaf.certificate, key: leaf.key }, (request, response) => {
    seen.push(`${request.method} ${request.url}`)
    response.end('hello\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const file = join(folder, 'server-ca.pem')
  writeFileSync(file, ca.certificate)
  return { url: `https://localhost:${(server.address() as AddressInfo).port}`, ca: file, seen }
}

const program = join(dirname(dirname(import.meta.dirname)), 'gateway-core', 'cli', 'main.ts')

describe('gatehouse run', () => {
  test('what it prints to see the exchanges shows them, also from another folder', async () => {
    const folder = join(place(), 'with space')
    mkdirSync(folder)
    writeFileSync(join(folder, 'gatehouse.yaml'), 'gatehouse: 1\n')
    const cwd = place()
    const server = http.createServer((_, response) => response.end('plain\n')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    open.push(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { stderr } = await cli(['run', folder, '--', 'curl', '-sS', `${url}/seen`], { cwd })
    const [, printed] = /see them: gatehouse (.*)/.exec(stderr)!
    const words = parse(printed!).map(String)
    const { code, stdout } = await cli(words, { cwd })
    expect([code, stdout]).toEqual([0, expect.stringContaining('/seen')])
  })

  test('curl and fetch are seen, a route made of their host judges them, and nothing stays', async () => {
    const { url, ca, seen } = await secureServer()
    const cwd = place()
    const temporary = place()
    const env = { TMPDIR: temporary }
    const first = await cli(['run', '--trust', ca, '--', 'curl', '-sS', `${url}/zen`], { cwd, env })
    expect([first.code, first.stdout]).toEqual([0, 'hello\n'])
    expect(first.stderr).toContain('1 exchange, 0 judged, 1 observed (no route)')

    const found = await cli(['capture', 'list', 'listener:proxy'], { cwd })
    expect(found.stdout).toContain(`GET ${url.slice(8)}/zen`)
    expect(found.stdout).toContain('observed: no route')

    const routed = await cli(['route', url], { cwd })
    expect(routed.code).toBe(0)
    const file = join(cwd, 'gatehouse.yaml')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('policies: []', 'policies: [{ ip-restriction: { deny: [127.0.0.1] } }]'),
    )
    const script = `fetch('${url}/zen').then((answer) => console.log(answer.status))`
    const second = await cli(['run', '--json', '--trust', ca, '--', process.execPath, '-e', script], { cwd })
    expect(second.stderr).toContain('403')
    expect(JSON.parse(second.stdout)).toEqual({
      exitCode: 0,
      exchanges: 1,
      judged: 1,
      observed: 0,
      denied: 1,
      failed: 0,
      refusedHosts: [],
    })
    expect(seen).toEqual(['GET /zen'])
    expect(existsSync(join(cwd, '.gatehouse', 'gateway.json'))).toBe(false)
    expect(readdirSync(temporary)).toEqual([])
  }, 90_000)

  test('the exit code is that of the program, also of one that a signal ended', async () => {
    const cwd = place()
    expect((await cli(['run', '--', 'sh', '-c', 'exit 7'], { cwd })).code).toBe(7)
    expect((await cli(['run', '--', 'sh', '-c', 'kill -TERM $$'], { cwd })).code).toBe(143)
    const missing = await cli(['run', '--', 'no-such-program-here'], { cwd })
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('there is no such program')])
  }, 90_000)

  test('signals are handed on, and the program may answer them', async () => {
    const cwd = place()
    const script =
      'process.on("SIGTERM", () => { console.log("bye"); process.exit(5) }); setInterval(() => {}, 1000); console.log("ready")'
    const child: ChildProcess = spawn(process.execPath, [program, 'run', '--', process.execPath, '-e', script], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    open.push(() => child.kill('SIGKILL'))
    let said = ''
    child.stdout!.on('data', (chunk: Buffer) => (said += chunk.toString()))
    while (!said.includes('ready')) await once(child.stdout!, 'data')
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect([code, said]).toEqual([5, 'ready\nbye\n'])
  }, 60_000)

  test('the program gets proxy and CA for what it may be, whatever was set before', async () => {
    const cwd = place()
    const names = [
      'HTTP_PROXY',
      'https_proxy',
      'NO_PROXY',
      'CURL_CA_BUNDLE',
      'NODE_EXTRA_CA_CERTS',
      'JAVA_TOOL_OPTIONS',
      'GIT_SSL_CAINFO',
    ]
    const script = `const e = process.env; console.log(JSON.stringify(${JSON.stringify(names)}.map((n) => e[n]).concat(require('fs').readFileSync(e.SSL_CERT_FILE, 'utf8').split('BEGIN CERT').length)))`
    const { stdout } = await cli(['run', '--', process.execPath, '-e', script], {
      cwd,
      env: { NO_PROXY: '*', JAVA_TOOL_OPTIONS: '-Xmx1g' },
    })
    const values = JSON.parse(stdout) as (string | number)[]
    expect(values[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect([values[1], values[2]]).toEqual([values[0], ''])
    expect(values[3]).toMatch(/ca-bundle\.pem$/)
    expect(values[4]).toMatch(/\.gatehouse\/tls\/ca\.pem$/)
    expect(values[5]).toMatch(/^-Xmx1g -Dhttp\.proxyHost=127\.0\.0\.1 .*trustStore=.*truststore\.jks/)
    expect(values[7]).toBeGreaterThan(100)
  }, 60_000)

  test.each([
    [['run'], 'what to run?'],
    [['run', 'curl', 'x'], 'one word too many'],
    [['run', '--browser', '--', 'x'], 'at once'],
    [['run', '--trust', 'nothing.pem', '--', 'true'], 'cannot be read'],
    [['run', 'nowhere', '--', 'true'], 'there is no folder'],
  ])(
    '%j cannot run',
    async (args, why) => {
      const { code, stderr } = await cli(args, { cwd: place() })
      expect([code, stderr]).toEqual([2, expect.stringContaining(why)])
    },
    60_000,
  )

  test('--help in front of -- is ours, behind it the program’s', async () => {
    const cwd = place()
    expect((await cli(['run', '--help'], { cwd })).stdout).toContain('Usage')
    expect((await cli(['run', '--', 'sh', '-c', 'echo "$0"', '--help'], { cwd })).stdout).toBe('--help\n')
  }, 60_000)

  test('a browser gets a profile of its own, which is gone afterwards', async () => {
    const cwd = place()
    const bin = join(cwd, 'bin')
    mkdirSync(bin)
    const told = join(cwd, 'told')
    writeFileSync(join(bin, 'chromium'), `#!/bin/sh\nprintf '%s\\n' "$@" > ${told}\n`)
    chmodSync(join(bin, 'chromium'), 0o755)
    const env = { PATH: `${bin}:/usr/bin:/bin`, DISPLAY: ':99' }
    const { code } = await cli(['run', '--browser', 'https://example.com/x', '--using', 'chromium'], { cwd, env })
    expect(code).toBe(0)
    const words = readFileSync(told, 'utf8').trim().split('\n')
    const profile = words.find((word) => word.startsWith('--user-data-dir='))!.slice(16)
    expect(profile.startsWith(join(tmpdir(), 'gatehouse-profile-'))).toBe(true)
    expect(existsSync(profile)).toBe(false)
    expect(words.at(-1)).toBe('https://example.com/x')
    expect(words).toContainEqual(expect.stringMatching(/^--proxy-server=http:\/\/127\.0\.0\.1:\d+$/))
    expect(words).toContainEqual(expect.stringMatching(/^--ignore-certificate-errors-spki-list=[\w+/]{43}=$/))
    const none = await cli(['run', '--browser'], { cwd, env: { PATH: env.PATH } })
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no screen')])
  }, 60_000)
})

test('what was only observed is judged again as observed, unless the edit names its host', async () => {
  const { url, ca } = await secureServer()
  const cwd = place({ 'gatehouse.yaml': 'gatehouse: 1\n' })
  expect((await cli(['run', '--trust', ca, '--', 'curl', '-sS', url], { cwd })).code).toBe(0)
  const under = async (host: string) => {
    const candidate = place({
      'gatehouse.yaml': `gatehouse: 1\npolicies: [{ ip-restriction: { deny: [127.0.0.1] } }]\nupstreams: { up: "${url}" }\napis: [{ name: all, ${host}upstream: up }]\n`,
    })
    const { stdout } = await cli(['rejudge', '.', '--with', candidate, '--json'], { cwd })
    const { same, newlyDenied } = JSON.parse(stdout) as { same: number; newlyDenied: number }
    return { same, newlyDenied }
  }
  expect(await under('')).toEqual({ same: 1, newlyDenied: 0 })
  expect(await under('host: localhost, ')).toEqual({ same: 0, newlyDenied: 1 })
}, 60_000)

describe('gatehouse ca', () => {
  test('export writes the certificate, never the key', async () => {
    const cwd = place({ 'gatehouse.yaml': 'gatehouse: 1\n' })
    const pem = await cli(['ca', 'export'], { cwd })
    expect(pem.stdout).not.toContain('PRIVATE')
    const { fingerprint256 } = new X509Certificate(pem.stdout)
    const der = await cli(['ca', 'export', '--format', 'der', '--out', 'ca.der'], { cwd })
    expect(der.stdout).toContain(fingerprint256)
    expect(new X509Certificate(readFileSync(join(cwd, 'ca.der'))).fingerprint256).toBe(fingerprint256)
    expect(JSON.parse((await cli(['ca', 'export', '--json'], { cwd })).stdout)).toMatchObject({
      fingerprint: fingerprint256,
    })
  }, 60_000)

  test('trust says what to do and how to undo it', async () => {
    const cwd = place({ 'gatehouse.yaml': 'gatehouse: 1\n' })
    const { stdout } = await cli(['ca', 'trust'], { cwd })
    for (const title of [
      'curl',
      'Node.js',
      'Python',
      'Java',
      'Debian',
      'Fedora',
      'macOS',
      'Windows',
      'Firefox',
      'iPhone',
      'Android',
    ])
      expect(stdout).toContain(title)
    const one = await cli(['ca', 'trust', '--on', 'debian', '--json'], { cwd })
    expect(JSON.parse(one.stdout)).toMatchObject([
      { id: 'debian', undo: [{ command: expect.stringContaining('rm') as string }, {}] },
    ])
    expect((await cli(['ca', 'trust', '--on', 'beos'], { cwd })).code).toBe(2)
    expect((await cli(['ca', 'export'], { cwd: place() })).stderr).toContain('no workspace here')
  }, 60_000)
})

describe('gatehouse route', () => {
  test('makes one, then says where it is', async () => {
    const cwd = place()
    const made = await cli(['route', 'api.example.com', '--json'], { cwd })
    expect([made.code, JSON.parse(made.stdout)]).toEqual([
      0,
      { made: true, host: 'api.example.com', file: 'gatehouse.yaml', line: 5 },
    ])
    const again = await cli(['route', 'https://api.example.com/x'], { cwd })
    expect([again.code, again.stdout]).toEqual([1, 'api.example.com has a route already: gatehouse.yaml:5\n'])
    expect((await cli(['route', 'not a host'], { cwd })).code).toBe(2)
  }, 60_000)
})

describe('gatehouse serve --proxy', () => {
  test('opens the proxy, which run then uses', async () => {
    const server = http.createServer((_, response) => response.end('plain\n'))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    open.push(() => server.close())
    const cwd = place({ 'gatehouse.yaml': 'gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\n' })
    const child = spawn(process.execPath, [program, 'serve', '--json', '--proxy', '127.0.0.1:0'], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    open.push(() => child.kill('SIGKILL'))
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { proxy } = JSON.parse(String(line).split('\n')[0]!) as { proxy: string }
    expect(proxy).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const { stdout, stderr } = await cli(['run', '--', 'curl', '-sS', url], { cwd })
    expect(stdout).toBe('plain\n')
    expect(stderr).toContain('1 exchange, 0 judged, 1 observed')
  }, 60_000)
})
