import { connect } from 'node:net'
import { once } from 'node:events'
import http from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type TestUpstream, testUpstream } from '../gateway-fixture.ts'
import { cli, folderWith, freePort, killServing, serving } from './cli.ts'

let upstream: TestUpstream
beforeAll(async () => {
  upstream = await testUpstream((request, response) => {
    request.resume()
    if (request.url === '/hang') return
    if (request.url === '/slow') setTimeout(() => response.end('late'), 400)
    else response.end('fine')
  })
})
afterAll(() => upstream.close())
afterEach(() => killServing())

const yaml = (policies: string) => `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { app: "${upstream.url}" }
apis:
  - name: app
    upstream: app
    policies:
${policies}`

const limited = `      - rate-limiting: { limit: 3, window: 1h, by: ip, algorithm: fixed-window }
      - ip-restriction: { allow: [127.0.0.0/8] }
`

// Clock and duration differ from run to run; everything else is the transcript.
const transcript = (text: string) =>
  text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, 'TIME').replaceAll(/[\d.]+ m?s$/gm, 'SPENT')

// Each test starts processes on a machine that may be busy.
describe('serve', { timeout: 60_000 }, () => {
  test('tells where it listens, then each exchange, and for a denial why and where', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    expect(gateway.said).toMatch(
      /^Gatehouse {2}\S+ {2}revision [0-9a-f]{7}\n\n {2}gateway +http:\/\/127\.0\.0\.1:\d+\n {2}captures +\S+captures\.db\n/,
    )
    expect(gateway.said).toContain(`Try\n  curl -i ${gateway.url}/\n`)
    for (let time = 0; time < 4; time++) await fetch(`${gateway.url}/books/${time}`)
    const lines = transcript(await gateway.says(/LIMIT_REACHED[^]*wanted.*\n/)).split('\n')
    expect(lines.slice(0, 3)).toEqual(
      [0, 1, 2].map((at) => `TIME  ● ${`GET /books/${at}`.padEnd(34)}  200  pass  SPENT`),
    )
    expect(lines[3]).toBe(`TIME  ✕ ${'GET /books/3'.padEnd(34)}  429  rate-limiting LIMIT_REACHED  SPENT`)
    expect(lines[4]).toMatch(/^ {4}\S*gatehouse\.yaml:8:9 {2}saw .+, wanted at most 3 per 1h/)
    expect(await gateway.stop()).toBe(0)
    place.remove()
  })

  test('a change is in force at once; connections stay, counters of what did not change go on', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    const get = () =>
      new Promise<{ status: number; port: number }>((resolve, reject) => {
        const request = http.get(gateway.url, { agent }, (response) => {
          const { localPort = 0 } = response.socket
          response.resume().on('end', () => resolve({ status: response.statusCode!, port: localPort }))
        })
        request.on('error', reject)
      })
    const first = await get()
    await get()
    place.write('gatehouse.yaml', yaml(limited.replace('127.0.0.0/8', '127.0.0.0/8, 10.0.0.0/8')))
    expect(await gateway.says(/reloaded.*\n/)).toMatch(
      /↻ reloaded revision [0-9a-f]{7} \(1 policy changed: api:app\/ip-restriction\)\n/,
    )
    const third = await get()
    const fourth = await get()
    expect([first.status, third.status, fourth.status]).toEqual([200, 200, 429])
    expect([third.port, fourth.port]).toEqual([first.port, first.port])
    agent.destroy()
    await gateway.stop()
    place.remove()
  })

  test('a broken file is shown, and the last good configuration goes on', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    place.write('gatehouse.yaml', yaml(limited).replace('limit: 3', 'limt: 3'))
    const said = await gateway.says(/still running the last good configuration\n/)
    expect(said).toMatch(/gatehouse\.yaml:8:\d+ error UNKNOWN_KEY .*did you mean "limit"\?/)
    expect((await fetch(gateway.url)).status).toBe(200)
    place.write('gatehouse.yaml', yaml(limited))
    await gateway.stop()
    place.remove()
  })

  test('a taken port: who holds it, exit 2', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    const second = await cli(['serve', place.folder, '--port', new URL(gateway.url).port])
    expect([second.code, second.stdout]).toEqual([2, ''])
    expect(second.stderr).toMatch(/127\.0\.0\.1:\d+ is taken by .+/)
    await gateway.stop()
    place.remove()
  })

  test('a workspace with errors does not start: problems on stderr, exit 2', async () => {
    const place = folderWith({ 'gatehouse.yaml': 'gatehouse: 2\n' })
    const { code, stdout, stderr } = await cli(['serve', place.folder])
    place.remove()
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('gatehouse.yaml:1:12 error')
    expect(stderr).toContain('the workspace has errors, so nothing was started')
  })

  test('SIGTERM lets an open exchange finish', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    const slow = fetch(`${gateway.url}/slow`).then((response) => response.text())
    await once(upstream.server, 'request')
    const code = await gateway.stop('SIGTERM')
    expect([await slow, code]).toEqual(['late', 0])
    const { stdout } = await cli(['capture', 'list', place.folder, '--json'])
    expect((JSON.parse(stdout) as { exchanges: { url: string }[] }).exchanges[0]?.url).toBe('/slow')
    place.remove()
  })

  test('a second signal ends it at once', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    const hanging = fetch(`${gateway.url}/hang`).catch(() => 'cut')
    await once(upstream.server, 'request')
    gateway.child.kill('SIGINT')
    await gateway.says(/stopping: .*\n/)
    expect([await gateway.stop('SIGINT'), await hanging]).toEqual([2, 'cut'])
    place.remove()
  })

  test('hostile requests cannot write control characters to the terminal', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited) })
    const gateway = await serving([place.folder])
    const { port } = new URL(gateway.url)
    const raw = async (bytes: string) => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.end(Buffer.from(bytes, 'latin1'))
      socket.resume()
      await once(socket, 'close')
    }
    await raw('GET /\x1b[31m\x07red HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw('GET /?q=\x9b31m\xe2\x80\xae HTTP/1.1\r\nHost: a\r\n\r\n')
    await raw('G\x1b[2JT / HTTP/1.1\r\nHost: \x1b]0;owned\x07\r\n\r\n')
    await raw('GET / HTTP/1.1\r\nHost: a\r\nX: \x1b[2J\r\n\r\n')
    await fetch(`${gateway.url}/end`)
    await gateway.says(/GET \/end.*\n/)
    // oxlint-disable-next-line no-control-regex -- these are the characters looked for
    expect(gateway.said + gateway.complained).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/)
    await gateway.stop()
    place.remove()
  })

  test('credentials in a request are not shown', async () => {
    const policy = '      - key-auth: { query: k }\n'
    const place = folderWith({ 'gatehouse.yaml': yaml(policy) })
    const gateway = await serving([place.folder])
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJiZW4ifQ.c2lnbmF0dXJl'
    await fetch(`${gateway.url}/a?k=hunter2&api_key=hunter3&q=open&t=${token}`, { headers: { 'X-API-Key': 'hunter4' } })
    const said = await gateway.says(/GET \/a.*\n.*\n/)
    expect(said).toContain('GET /a?k=•••&api_key=•••&q=open&t=•••')
    await gateway.stop()
    expect(gateway.said + gateway.complained).not.toMatch(/hunter|eyJ/)
    place.remove()
  })

  test('--upstream without a workspace: everything passes, is shown and recorded', async () => {
    const place = folderWith({})
    const port = await freePort()
    const gateway = await serving(['--upstream', upstream.url, '--port', String(port)], { cwd: place.folder })
    expect(gateway.said).toContain(`Gatehouse  in front of ${upstream.url}  revision`)
    expect(gateway.said).toContain('no workspace yet: everything passes, and everything is shown')
    const response = await fetch(`${gateway.url}/any/thing?x=1`, { method: 'PUT', body: 'hello' })
    expect([response.status, await response.text()]).toEqual([200, 'fine'])
    expect(transcript(await gateway.says(/PUT.*\n/))).toContain(
      `TIME  ● ${'PUT /any/thing?x=1'.padEnd(34)}  200  no policy  SPENT`,
    )
    expect(await gateway.stop()).toBe(0)
    const { stdout } = await cli(['capture', 'list', '--json'], { cwd: place.folder })
    expect(JSON.parse(stdout)).toMatchObject({ exchanges: [{ method: 'PUT', url: '/any/thing?x=1', status: 200 }] })
    place.remove()
  })

  test('--json: one object in each line, told apart by event', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml(limited.replace('127.0.0.0/8', '10.0.0.0/8')) })
    const gateway = await serving([place.folder, '--json'])
    await fetch(`${gateway.url}/books`)
    await gateway.says(/"event":"exchange"[^\n]*\n/)
    await gateway.stop()
    const events = gateway.said
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.map(({ event }) => event)).toEqual(['listening', 'exchange', 'stopping'])
    expect(events[1]).toMatchObject({
      method: 'GET',
      path: '/books',
      verdict: 'deny',
      status: 403,
      decidedBy: 'api:app/ip-restriction',
      code: 'IP_NOT_ALLOWED',
    })
    place.remove()
  })

  test('a reader that does not read never holds up the gateway', async () => {
    const place = folderWith({ 'gatehouse.yaml': yaml('      - ip-restriction: { allow: [127.0.0.0/8] }\n') })
    const gateway = await serving([place.folder])
    gateway.child.stdout!.pause()
    const path = 'x'.repeat(90)
    let served = 0
    for (let round = 0; round < 30; round++) {
      const batch = Array.from({ length: 50 }, () =>
        fetch(`${gateway.url}/${path}`).then((response) => response.text()),
      )
      served += (await Promise.all(batch)).filter((text) => text === 'fine').length
    }
    expect(served).toBe(1500)
    gateway.child.stdout!.resume()
    await gateway.says(/… and [\d,]+ more, not shown here/)
    await gateway.stop()
    place.remove()
  })
})
