import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { sealRequest, sealResponse } from '../../gateway-core/replay/seal.ts'
import { ReplayStore, type StoredRun } from '../../gateway-core/replay/store.ts'

const key = new WorkspaceKey(new Uint8Array(32).fill(7))
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-replay-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const request: ReplayRequest = {
  method: 'POST',
  url: '/login?api_key=query-secret-1',
  version: '1.1',
  headers: [
    { name: 'Authorization', value: 'Bearer header-secret-2' },
    { name: 'X-Reference', value: '${secret:name}' },
    { name: 'Cookie', value: 'session=cookie-secret-3' },
  ],
  body: { kind: 'text', text: '{"user":"ben","password":"body-secret-4","again":"header-secret-2"}' },
  settings: { length: 'follow', redirects: 0, timeoutMs: 1000 },
}

const run = (id: string, at: number): StoredRun => ({ id, at, request, answers: [], decoded: [] })

const everything = () =>
  readdirSync(join(folder, '.gatehouse', 'replay')).map((name) =>
    readFileSync(join(folder, '.gatehouse', 'replay', name)).toString('latin1'),
  )

it('keeps requests, runs and bodies over a restart, and nothing of them in clear', () => {
  const store = new ReplayStore(folder, key)
  const entry = store.create(request, 'Log in', 'exchange')
  store.addRun(entry, run('r1', 5), [Buffer.from('body-of-the-answer')])
  expect(everything().join('')).not.toMatch(/secret-\d|ben|login|body-of-the-answer|POST/)
  const again = new ReplayStore(folder, key)
  expect(again.get(entry.id)).toMatchObject({ name: 'Log in', from: 'exchange', request })
  expect(Buffer.from(again.body(entry.id, 'r1', 0)).toString()).toBe('body-of-the-answer')
  expect(again.list()).toMatchObject([{ id: entry.id, method: 'POST' }])
})

it('shows nothing under another key, and breaks nothing', () => {
  new ReplayStore(folder, key).create(request, 'one')
  const other = new ReplayStore(folder, new WorkspaceKey(new Uint8Array(32).fill(8)))
  expect(other.list()).toEqual([])
  other.create(request, 'two')
  expect(new ReplayStore(folder, key).list().map(({ name }) => name)).toEqual(['one'])
})

it('lets the oldest runs go, and their bodies with them', () => {
  const store = new ReplayStore(folder, key)
  let entry = store.create(request, 'one')
  const withAnswer = (id: string, at: number): StoredRun => ({
    ...run(id, at),
    answers: [{ target: { via: 'gateway' }, label: 'gateway', address: '', timings: { total: 1 } }],
  })
  for (let at = 0; at < 35; at++) entry = store.addRun(entry, withAnswer(`r${at}`, at), [Buffer.from('x')])
  expect(store.get(entry.id).runs.map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, at) => `r${34 - at}`))
  expect(readdirSync(join(folder, '.gatehouse', 'replay'))).toHaveLength(31)
  store.remove(entry.id)
  expect(readdirSync(join(folder, '.gatehouse', 'replay'))).toEqual([])
  expect(() => store.get(entry.id)).toThrow('there is no request')
})

it('seals what was typed as a credential, and opens it again', () => {
  const sealed = sealRequest(request, key)
  const written = JSON.stringify(sealed.request)
  expect(written).not.toMatch(/secret-\d/)
  expect(sealed.request.headers[1]).toEqual({ name: 'X-Reference', value: '${secret:name}' })
  const opened = Object.values(sealed.values).map((value) =>
    Buffer.from(key.open(Buffer.from(value, 'base64'))!).toString(),
  )
  expect(opened.sort()).toEqual(['body-secret-4', 'cookie-secret-3', 'header-secret-2', 'query-secret-1'])
  expect(Object.values(sealed.values).join('')).not.toContain('secret')
})

it('hides what a response gives away, and what it echoes', () => {
  const body = '{"access_token":"fresh-token-5","echo":"header-secret-2","fine":1}'
  const response = {
    status: 200,
    reason: 'OK',
    version: '1.1',
    rawHeaders: ['Set-Cookie', 'sid=cookie-6; Path=/', 'Content-Type', 'application/json', 'X-Echo', 'header-secret-2'],
    rawTrailers: [],
    body: Buffer.from(body),
    length: body.length,
  }
  const sealed = sealResponse(response, ['header-secret-2'], key)
  expect(JSON.stringify([sealed.headers, Buffer.from(sealed.body).toString()])).not.toMatch(/token-5|secret-2|cookie-6/)
  expect(Buffer.from(sealed.body).toString()).toContain('"fine":1')
  expect(sealed.decoded).toBe(true)
})
