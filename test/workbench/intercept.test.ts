import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { HeldMessage } from '../../gateway-core/protocol/intercept.ts'
import type { TestUpstream } from '../gateway-fixture.ts'
import { type Desk, openDesk } from './desk.ts'

let desk: Desk
let upstream: TestUpstream
afterEach(async () => {
  await desk.close()
  await upstream.close()
})

const open = async (more = '', files: Record<string, string> = {}) => {
  ;({ desk, upstream } = await openDesk(more, files))
}

const stop = (query: string, on: 'request' | 'response' | 'both' = 'request') =>
  desk.call('intercept.addBreakpoint', { query, on, once: false, seconds: 60 })

/** The next message that is held. */
const held = async (): Promise<HeldMessage> => {
  for (let wait = 0; wait < 200; wait++) {
    const [row] = await desk.call('intercept.rows', { from: 0, count: 1 })
    if (row) return desk.call('intercept.message', { id: row.id })
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('nothing is held')
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const textOf = ({ body }: HeldMessage) => Buffer.from(body.state === 'whole' ? body.base64 : '', 'base64').toString()

describe('held messages', () => {
  it('are listed, shown, edited and let go', async () => {
    await open()
    expect(await stop('method:POST')).toMatchObject({ breakpoints: [{ query: 'method:POST', enabled: true, hits: 0 }] })
    const answer = desk.send('/books?page=1', { method: 'POST', body: '{"a":1}', headers: { 'X-One': '1' } })
    const message = await held()
    expect(message).toMatchObject({
      side: 'request',
      method: 'POST',
      url: '/books?page=1',
      why: 'method:POST',
      start: { method: 'POST', target: '/books?page=1' },
      body: { state: 'whole', coded: false, bytes: 7 },
      masked: false,
    })
    expect(textOf(message)).toBe('{"a":1}')
    const request = {
      method: 'PUT',
      target: '/other',
      headers: message.headers,
      body: { base64: base64('{"a":2, "b":3}'), coded: false },
    }
    expect(await desk.call('intercept.resume', { ids: [message.id], request })).toEqual({ ended: 1 })
    expect((await answer).status).toBe(200)
    expect(upstream.seen[0]).toMatchObject({ method: 'PUT', url: '/other', body: Buffer.from('{"a":2, "b":3}') })
    expect(await desk.call('intercept.resume', { ids: [message.id] })).toEqual({ ended: 0 })
    await expect(desk.call('intercept.message', { id: message.id })).rejects.toThrow('not held any more')
    const { breakpoints, held: left } = await desk.call('intercept.state', {})
    expect([breakpoints[0]!.hits, left]).toEqual([1, 0])
  })

  it('show no secrets, and send them on all the same', async () => {
    await open()
    await stop('')
    const answer = desk.send('/x?api_key=very-secret-key', {
      method: 'POST',
      headers: {
        Authorization: 'Bearer a-token-that-nobody-sees',
        Cookie: 'sid=abcdefghijkl',
        'Content-Type': 'application/json',
      },
      body: '{"password":"hunter2-hunter2","name":"Ada"}',
    })
    const message = await held()
    const shown = JSON.stringify(message) + textOf(message)
    for (const secret of ['very-secret-key', 'a-token-that-nobody-sees', 'abcdefghijkl', 'hunter2']) {
      expect(shown).not.toContain(secret)
    }
    expect(message.masked).toBe(true)
    const clear = await desk.call('intercept.message', { id: message.id, secrets: true })
    expect(clear.headers).toContain('Bearer a-token-that-nobody-sees')
    const request = {
      method: 'POST',
      target: (message.start as { target: string }).target,
      headers: [...message.headers, 'X-New', 'yes'],
      body: { base64: base64(textOf(message).replace('Ada', 'Bob')), coded: false },
    }
    await desk.call('intercept.resume', { ids: [message.id], request })
    await answer
    const [seen] = upstream.seen
    expect(seen!.url).toBe('/x?api_key=very-secret-key')
    expect(seen!.headers).toContain('Bearer a-token-that-nobody-sees')
    expect(seen!.body.toString()).toBe('{"password":"hunter2-hunter2","name":"Bob"}')
    await desk.workbench.workspace.flush()
    const [row] = await searchAll()
    const detail = await desk.call('traffic.exchange', { id: row!.id })
    const kept = JSON.stringify(detail)
    for (const secret of ['very-secret-key', 'a-token-that-nobody-sees', 'hunter2']) expect(kept).not.toContain(secret)
    expect(detail.exchange.intercepted).toMatchObject({ request: { body: { text: expect.stringContaining('Ada') } } })
  })

  it('show no credentials that only a policy names', async () => {
    const policies = 'policies: [{ key-auth: { header: X-Partner, query: pk } }]\n'
    await open(`consumers: [{ name: me, keys: [a-key-of-a-partner] }]\n${policies}`)
    await stop('', 'both')
    const answer = desk.send('/x?pk=a-key-of-a-partner', { headers: { 'X-Partner': 'a-key-of-a-partner' } })
    const message = await held()
    expect(JSON.stringify(message)).not.toContain('a-key-of-a-partner')
    expect(message.headers.join()).toContain('X-Partner,⟦sealed:')
    const { method, target } = message.start as { method: string; target: string }
    const request = { method, target, headers: [...message.headers, 'X-Added', '1'] }
    await desk.call('intercept.resume', { ids: [message.id], request })
    const response = await held()
    expect(response.side).toBe('response')
    await desk.call('intercept.resumeAll', {})
    // It went on as itself: the policy knew its caller.
    expect((await answer).status).toBe(200)
    expect(upstream.seen[0]!.headers).toEqual(expect.arrayContaining(['a-key-of-a-partner']))
  })

  it('hide bytes whose secrets cannot be told apart, and find echoes', async () => {
    await open()
    await stop('')
    const parts = ['--b', 'Content-Disposition: form-data; name="password"', '', 'hunter2-hunter2', '--b--', '']
    const binary = Buffer.concat([Buffer.from(parts.join('\r\n')), Buffer.from([0xff, 0x00])])
    const answer = desk.send('/x', {
      method: 'POST',
      headers: {
        'Content-Type': 'multipart/form-data; boundary=b',
        'X-Api-Key': 'echoed-echoed',
        'X-Other': 'echoed-echoed',
      },
      body: binary,
    })
    const message = await held()
    expect(message.body).toEqual({ state: 'hidden', bytes: binary.length })
    expect(JSON.stringify(message)).not.toContain('echoed-echoed')
    const clear = await desk.call('intercept.message', { id: message.id, secrets: true })
    expect(clear.body).toMatchObject({ state: 'whole', base64: binary.toString('base64') })
    const request = { method: 'POST', target: '/y', headers: message.headers }
    await desk.call('intercept.resume', { ids: [message.id], request })
    await answer
    expect(upstream.seen[0]).toMatchObject({ url: '/y', body: binary })
    expect(upstream.seen[0]!.headers.filter((text) => text === 'echoed-echoed')).toHaveLength(2)
  })

  it('with a body that is too long for an editor show its length, and take another one', async () => {
    await open()
    await stop('')
    const body = gzipSync(Buffer.alloc(30_000_000, 'long '))
    const answer = desk.send('/long', { method: 'POST', headers: { 'Content-Encoding': 'gzip' }, body })
    const message = await held()
    expect(message.body).toMatchObject({ state: 'long', bytes: 30_000_000, coding: 'gzip', coded: false })
    // A page takes no frame of 16 MB.
    expect(JSON.stringify(message).length).toBeLessThan(10_000)
    const other = Buffer.alloc(3_000_000, 'other ')
    const request = {
      method: 'POST',
      target: '/long',
      headers: message.headers,
      body: { base64: other.toString('base64'), coded: false },
    }
    await desk.call('intercept.resume', { ids: [message.id], request })
    expect((await answer).status).toBe(200)
    expect(gunzipSync(upstream.seen[0]!.body).equals(other)).toBe(true)
  })

  it('are answered, dropped and resumed by the hundred', async () => {
    await open()
    await stop('')
    const one = desk.send('/one')
    const { id } = await held()
    await desk.call('intercept.respond', {
      id,
      response: { status: 418, reason: '', headers: ['X-By', 'hand'], body: { base64: base64('short'), coded: false } },
    })
    const got = await one
    expect([got.status, got.headers.get('x-by'), await got.text()]).toEqual([418, 'hand', 'short'])
    const two = desk.send('/two').catch(() => 'dropped')
    await held()
    expect(await desk.call('intercept.dropAll', {})).toEqual({ ended: 1 })
    expect(await two).toBe('dropped')
    const many = Array.from({ length: 20 }, (_, at) => desk.send(`/${at}`))
    for (let wait = 0; wait < 200 && (await desk.call('intercept.state', {})).held < 20; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect(await desk.call('intercept.rows', { from: 18, count: 10 })).toHaveLength(2)
    expect(await desk.call('intercept.resumeAll', {})).toEqual({ ended: 20 })
    expect((await Promise.all(many)).map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200))
  })

  it('stay held where what was written cannot go on', async () => {
    await open()
    await stop('')
    const answer = desk.send('/x')
    const { id, headers } = await held()
    const wrong: [what: string, edit: object, message: string][] = [
      ['a header name with a space', { headers: ['Bad Name', '1'] }, 'is not the name of a header field'],
      ['a value with a line break', { headers: ['X-A', 'a\r\nX-B: b'] }, 'holds a control character'],
      ['a value without a byte', { headers: ['X-A', '✓'] }, 'not Latin-1'],
      ['a target with a space', { target: '/a b' }, 'holds a space'],
      ['a path that servers read differently', { target: '/a%2fb' }, 'the gateway would refuse this request'],
      ['no host', { headers: [] }, 'the gateway would refuse this request: The request names no host'],
      [
        'a coding that nobody knows',
        { headers: ['Host', 'x', 'Content-Encoding', 'rot13'], body: { base64: '', coded: false } },
        'rot13 cannot be put on',
      ],
    ]
    for (const [what, edit, message] of wrong) {
      const request = { method: 'GET', target: '/x', headers, ...edit }
      await expect(desk.call('intercept.resume', { ids: [id], request }), what).rejects.toThrow(message)
    }
    expect((await desk.call('intercept.state', {})).held).toBe(1)
    await desk.call('intercept.resumeAll', {})
    expect((await answer).status).toBe(200)
  })

  it('go on when the gateway is stopped; its breakpoints are there when it starts again', async () => {
    await open()
    await stop('path:/held')
    const answer = desk.send('/held')
    await held()
    await desk.call('gateway.stop', {})
    expect((await answer).status).toBe(200)
    expect(await desk.call('intercept.state', {})).toMatchObject({ held: 0, breakpoints: [{ query: 'path:/held' }] })
    await desk.call('gateway.start', {})
    const again = desk.send('/held')
    await held()
    await desk.call('intercept.resumeAll', {})
    expect((await again).status).toBe(200)
  })

  it('get their time once more', async () => {
    await open()
    await desk.call('intercept.addBreakpoint', { query: '', on: 'request', once: true, seconds: 1 })
    const answer = desk.send('/x')
    const before = await held()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await desk.call('intercept.extend', { id: before.id })
    expect((await held()).until).toBeGreaterThan(before.until)
    expect((await answer).status).toBe(200)
  })
})

describe('breakpoints', () => {
  it('say what they ask for that is not known yet', async () => {
    await open()
    const { breakpoints } = await stop('route:web status:200 books', 'both')
    expect(breakpoints[0]!.unknown).toEqual({ request: ['status', 'route'] })
    await expect(stop('nothing:1')).rejects.toThrow('the query cannot be read: there is no field nothing')
    const changed = await desk.call('intercept.changeBreakpoint', {
      id: 1,
      enabled: false,
      query: 'path:/a',
      seconds: 5,
    })
    expect(changed.breakpoints[0]).toMatchObject({ enabled: false, query: 'path:/a', seconds: 5, once: false })
    expect((await desk.call('intercept.removeBreakpoint', { id: 1 })).breakpoints).toEqual([])
  })

  it('count what passes beside them', async () => {
    await open()
    await stop('path:/held')
    await desk.send('/a')
    await desk.send('/b')
    expect((await desk.call('intercept.state', {})).passed).toBe(2)
  })
})

async function searchAll() {
  const { search } = await desk.call('traffic.search', { query: '', order: 'newest' })
  for (let wait = 0; wait < 200; wait++) {
    const rows = await desk.call('traffic.rows', { search, from: 0, count: 10 })
    if (rows.length > 0) return rows
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return []
}

describe('breakpoints that are kept', () => {
  const shown = async () =>
    (await desk.call('intercept.state', {})).breakpoints.map(({ query, on, once, enabled, seconds }) =>
      [query, on, once ? 'once' : 'each', enabled ? 'on' : 'off', seconds].join(' '),
    )
  const keptFile = () => join(desk.folder, '.gatehouse', 'breakpoints.json')

  it('stand again when the workspace is opened again, before the first request', async () => {
    await open()
    await stop('path:/held')
    await desk.call('intercept.addBreakpoint', { query: 'status:500', on: 'response', once: true, seconds: 10 })
    const { breakpoints } = await stop('method:DELETE', 'both')
    await desk.call('intercept.changeBreakpoint', { id: breakpoints[1]!.id, enabled: false })
    await desk.call('intercept.removeBreakpoint', { id: breakpoints[2]!.id })
    // Written at once: a core that crashes writes nothing any more.
    const crashed = readFileSync(keptFile(), 'utf8')
    await desk.workbench.open(desk.folder)
    expect(await shown()).toEqual(['path:/held request each on 60', 'status:500 response once off 10'])
    expect(readFileSync(keptFile(), 'utf8')).toBe(crashed)
    const answer = desk.send('/held')
    expect((await held()).why).toBe('path:/held')
    await desk.call('intercept.resumeAll', {})
    expect((await answer).status).toBe(200)
  })

  it('for the next match alone stay off once they held it, and one for a single exchange is not kept', async () => {
    await open()
    await desk.call('intercept.addBreakpoint', { query: 'path:/a', on: 'request', once: true, seconds: 60 })
    await desk.call('intercept.addBreakpoint', { query: 'id:01abc', on: 'response', once: true, seconds: 60 })
    const answer = desk.send('/a')
    await held()
    await desk.call('intercept.resumeAll', {})
    await answer
    await desk.workbench.open(desk.folder)
    expect(await shown()).toEqual(['path:/a request once off 60'])
  })

  it.each([
    ['damaged', '{"no'],
    ['of another shape', '[{"query":"path:/x"}]'],
    [
      'with a query of another version',
      '[{"query":"nosuch:1","on":"request","enabled":true,"once":false,"limitMs":60000}]',
    ],
    ['with a time limit that is none', '[{"query":"","on":"request","enabled":true,"once":false,"limitMs":1e12}]'],
  ])('of a file that is %s hold nothing', async (_what, text) => {
    await open('', { '.gatehouse/breakpoints.json': text })
    expect(await shown()).toEqual([])
    expect((await desk.send('/x')).status).toBe(200)
  })
})
