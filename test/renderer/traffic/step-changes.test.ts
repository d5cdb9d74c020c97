import { describe, expect, it } from 'vitest'
import {
  aboutPlace,
  callerOf,
  changeWords,
  messageLines,
  statusOf,
  targetOf,
  type ValueChange,
  withChange,
} from '../../../renderer/traffic/step-changes.ts'

const header = (step: number, name: string, value: string | null): ValueChange => ({
  step,
  of: 'request',
  kind: 'header',
  name,
  value,
})

describe('values changed by hand', () => {
  it('take the place of an earlier change of the same value at the same step', () => {
    const once = withChange([header(3, 'Accept', 'a'), header(1, 'Accept', 'b')], header(3, 'accept', 'c'))
    expect(once.map(({ step, value }) => [step, value])).toEqual([
      [1, 'b'],
      [3, 'c'],
    ])
  })

  it.each<[ValueChange, string]>([
    [header(0, 'Accept', 'json'), 'header Accept = json'],
    [header(0, 'Accept', null), 'no header Accept'],
    [{ step: 0, of: 'response', kind: 'header', name: 'Vary', value: '*' }, 'response header Vary = *'],
    [{ step: 0, of: 'request', kind: 'path', value: '/admin' }, 'path = /admin'],
    [{ step: 0, of: 'response', kind: 'status', value: 500 }, 'status = 500'],
    [{ step: 0, of: 'request', kind: 'consumer', value: null }, 'no caller'],
    [{ step: 0, of: 'message', kind: 'body', value: 'hello' }, 'message = hello'],
  ])('are said in words: %o', (change, words) => expect(changeWords(change)).toBe(words))
})

describe('a message beside the place before', () => {
  const before = {
    head: 'GET /a HTTP/1.1',
    headers: [
      ['Accept', 'x'],
      ['X-Old', '1'],
      ['Cookie', 'a'],
      ['Cookie', 'a'],
    ] as const,
  }

  it('tells what is new, what is gone, and counts duplicates', () => {
    const now = {
      head: 'GET /b HTTP/1.1',
      headers: [
        ['accept', 'x'],
        ['Cookie', 'a'],
        ['X-New', '2'],
      ] as const,
    }
    expect(messageLines(now, before).map(({ name, value, since }) => `${since} ${name} ${value}`)).toEqual([
      'new  GET /b HTTP/1.1',
      'same accept x',
      'same Cookie a',
      'new X-New 2',
      'gone  GET /a HTTP/1.1',
      'gone X-Old 1',
      'gone Cookie a',
    ])
  })

  it('is all the same without one', () => {
    expect(messageLines(before, undefined).every(({ since }) => since === 'same')).toBe(true)
  })
})

describe('heads', () => {
  it.each([
    ['GET /books?page=2 HTTP/1.1', { path: '/books', query: 'page=2' }],
    ['GET /books', { path: '/books', query: '' }],
    ['GET /a?b?c HTTP/1.1', { path: '/a', query: 'b?c' }],
    ['', { path: '', query: '' }],
  ])('of a request: %s', (head, target) => expect(targetOf(head)).toEqual(target))

  it.each([
    ['HTTP/1.1 200 OK', 200],
    ['404 Not Found', 404],
    ['nothing', 0],
  ])('of a response: %s', (head, status) => expect(statusOf(head)).toBe(status))

  it('say who calls, as far as it is known', () => {
    const there = { request: { head: '', headers: [] }, clientAddress: '10.0.0.1', now: 5 }
    expect(aboutPlace(there)).toEqual({ client: '10.0.0.1', caller: 'not known yet', now: 5 })
    expect(aboutPlace({ ...there, consumer: { name: 'ben', groups: ['reader', 'staff'] } }).caller).toBe(
      'ben in reader, staff',
    )
  })
})

describe('a caller as one types it', () => {
  it.each([
    ['ben in reader, staff', 'ben', ['reader', 'staff']],
    ['ben', 'ben', []],
    ['', null, []],
    ['  in  ', 'in', []],
  ])('%s', (text, value, groups) => expect(callerOf(text)).toEqual({ kind: 'consumer', value, groups }))
})
