import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { exportHar } from '../../gateway-core/capture/har.ts'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { ErrandRunner } from '../../gateway-core/workbench/errands.ts'
import { captures, record, settings, temporaryFolder, testKey, write } from '../capture/records.ts'
import { makeDesk } from './desk.ts'

const started = vi.hoisted(() => [] as Worker[])
vi.mock('node:worker_threads', async (original) => {
  const real = await original<typeof import('node:worker_threads')>()
  class Noted extends real.Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args)
      if (args[1]?.name === 'errands') started.push(this)
    }
  }
  return { ...real, Worker: Noted }
})

// Threads take their time to start on a busy machine.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => {
  started.length = 0
})

function runner(options: { idleMs?: number } = {}): ErrandRunner {
  const errands = new ErrandRunner(options)
  onTestFinished(() => errands.close())
  return errands
}

const broken = `gatehouse: 1
upstreams: { shop: "http://127.0.0.1:1" }
apis:
  - { name: books, upstream: shopp, routes: [{ path: /books }] }
`

test('checks in its thread, with the same answer as here', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'gatehouse.yaml'), 'gatehouse: 1\n')
  const loading = { readOnly: true, overlay: new Map([['gatehouse.yaml', broken]]), env: {} }
  const errands = runner()
  expect(started).toHaveLength(0)
  const problems = await errands.run('check', { folder, loading })
  expect(problems).toEqual((await loadWorkspace(folder, loading)).problems)
  expect(problems).toMatchObject([{ code: 'UNKNOWN_REFERENCE', suggestion: expect.stringContaining('shop') }])
  expect(started).toHaveLength(1)
})

test('a HAR goes out and in, as text and as a file', async () => {
  const [folder, other] = [temporaryFolder(), temporaryFolder()]
  write(folder, [record(), record({ verdict: 'deny', status: 403 })])
  const errands = runner()
  const whole = [...exportHar(captures(folder))].join('')
  expect(await errands.run('exportHar', { folder, query: '' })).toEqual({ entries: 2, text: whole })
  expect(await errands.run('exportHar', { folder, query: '', file: 'out.har' })).toEqual({ entries: 2 })
  expect(readFileSync(join(folder, 'out.har'), 'utf8')).toBe(whole)

  const into = { folder: other, key: testKey.share(), settings }
  expect(await errands.run('importHar', { ...into, file: join(folder, 'out.har') })).toEqual({
    entries: 2,
    problems: [],
  })
  expect([...exportHar(captures(other))].join('')).toBe(whole)
  expect(started).toHaveLength(1)
})

test('what a person can mend is said in the same words', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'taken'))
  const errands = runner()
  const into = { folder, key: testKey.share(), settings }
  const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error)
  expect(await failure(errands.run('exportHar', { folder, query: 'a(' }))).toMatchObject({
    code: 'REFUSED',
    where: expect.stringContaining('character'),
  })
  expect(await failure(errands.run('exportHar', { folder, query: '', file: 'taken' }))).toMatchObject({
    message: expect.stringContaining('taken cannot be written'),
    todo: 'choose another place',
  })
  expect(await failure(errands.run('importHar', { ...into, text: 'nonsense' }))).toMatchObject({
    message: expect.stringContaining('this HAR cannot be read'),
  })
  expect(await failure(errands.run('importHar', { ...into, file: 'none.har' }))).toMatchObject({
    message: 'there is no file none.har',
  })
})

test('the thread ends when idle, and another starts with the next errand', async () => {
  const folder = temporaryFolder()
  const errands = runner({ idleMs: 20 })
  await errands.run('exportHar', { folder, query: '' })
  await vi.waitFor(() => expect(started[0]!.threadId).toBe(-1), 10_000)
  await errands.run('exportHar', { folder, query: '' })
  expect(started).toHaveLength(2)
})

test('an errand whose thread dies, and one after the end, are refused', async () => {
  const folder = temporaryFolder()
  const errands = runner()
  const dying = errands.run('exportHar', { folder, query: '' })
  started[0]!.postMessage(null)
  void started[0]!.terminate()
  await expect(dying).rejects.toMatchObject({ code: 'REFUSED', todo: 'try it again' })
  expect(await errands.run('exportHar', { folder, query: '' })).toMatchObject({ entries: 0 })
  errands.close()
  await expect(errands.run('exportHar', { folder, query: '' })).rejects.toMatchObject({ code: 'REFUSED' })
})

test('the calls of the screens do not run on the thread of the gateway', async () => {
  const desk = makeDesk({ 'gatehouse.yaml': 'gatehouse: 1\nlisten: { http: "127.0.0.1:0" }\n' })
  onTestFinished(() => desk.close())
  await desk.call('workbench.open', { folder: desk.folder })
  expect(await desk.call('files.check', { path: 'gatehouse.yaml', text: broken })).toHaveLength(1)
  const { text } = await desk.call('traffic.exportHar', { query: '' })
  expect(await desk.call('traffic.importHar', { text: text! })).toEqual({ entries: 0, problems: [] })
  expect(started).toHaveLength(1)
})
