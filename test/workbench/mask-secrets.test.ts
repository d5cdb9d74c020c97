import { describe, expect, it } from 'vitest'
import type { StoredExchange, StoredMessage } from '../../gateway-core/capture/record.ts'
import { maskOf } from '../../gateway-core/workbench/mask-secrets.ts'
import { body, record, request, response } from '../capture/records.ts'

const exchange = (of: (text: string, mark: string) => string, secrets: StoredExchange['secrets']): StoredExchange => ({
  ...record({
    request: request({
      path: '/orders',
      query: `key=${of('k3y-value', '⟦sealed:aa:9⟧')}`,
      headers: ['Authorization', `Bearer ${of('abc.def.ghi', '⟦sealed:bb:11⟧')}`, 'Accept', '*/*'],
      body: body(`{"pin":${of('4711', '"⟦sealed:cc:4:literal⟧"')},"code":"${of('7', '⟦sealed:dd:1⟧')}","n":7}`),
    }),
    response: response({
      headers: ['Set-Cookie', `a=${of('s3cret', '⟦sealed:ee:6⟧')}; b=${of('t0ken', '⟦sealed:ff:5⟧')}`],
    }),
  }),
  order: 1,
  secrets,
})
const message = (text: string): StoredMessage => ({
  exchange: 'x',
  number: 1,
  at: 0,
  side: 'request',
  kind: 'text',
  bytes: Buffer.from(text),
  length: 17,
  truncated: false,
  fate: 'sent',
  trace: [],
  secrets: 'open',
})
const captures = {
  get: (_id: string, { secrets }: { secrets?: 'open' | 'sealed' } = {}) =>
    secrets === 'sealed' ? exchange((_text, mark) => mark, 'sealed') : exchange((text) => text, 'open'),
  messages: (_id: string, { secrets }: { secrets?: 'open' | 'sealed' } = {}) => [
    message(secrets === 'sealed' ? '{"word":"⟦sealed:aa:6⟧"}' : '{"word":"sesame"}'),
  ],
}
const mask = maskOf(captures, 'x')

describe('what was judged with open secrets', () => {
  it.each([
    ['a header as it came', 'Bearer abc.def.ghi', 'Bearer ⟦sealed:bb:11⟧'],
    ['a header that a policy made of it', 'token abc.def.ghi!', 'token ⟦sealed:bb:11⟧!'],
    ['a query', 'GET /orders?key=k3y-value HTTP/1.1', 'GET /orders?key=⟦sealed:aa:9⟧ HTTP/1.1'],
    ['two in one value', 'a=s3cret; b=t0ken', 'a=⟦sealed:ee:6⟧; b=⟦sealed:ff:5⟧'],
    ['a changed body', '{"code":"7","n":7,"pin":4711}', '{"code":"⟦sealed:dd:1⟧","n":7,"pin":"⟦sealed:cc:4:literal⟧"}'],
    [
      'the body as it came',
      '{"pin":4711,"code":"7","n":7}',
      '{"pin":"⟦sealed:cc:4:literal⟧","code":"⟦sealed:dd:1⟧","n":7}',
    ],
    ['what a message held', 'the word is sesame', 'the word is ⟦sealed:aa:6⟧'],
    ['a short one by itself', '7', '⟦sealed:dd:1⟧'],
    ['what is no secret', '17 of 70', '17 of 70'],
  ])('%s', (_name, text, masked) => expect(mask(text)).toBe(masked))

  it('in every text of it, at any depth', () => {
    const judged = { trace: [{ changes: [{ value: 'abc.def.ghi' }], at: 7 }], before: { headers: [['X', 't0ken']] } }
    expect(mask(judged)).toEqual({
      trace: [{ changes: [{ value: '⟦sealed:bb:11⟧' }], at: 7 }],
      before: { headers: [['X', '⟦sealed:ff:5⟧']] },
    })
  })

  it('is as it is where nothing was sealed, or the exchange is gone', () => {
    const plain = { get: () => ({ ...exchange((text) => text, 'none') }), messages: () => [] }
    expect(maskOf(plain, 'x')('Bearer abc.def.ghi')).toBe('Bearer abc.def.ghi')
    expect(maskOf({ get: () => undefined, messages: () => [] }, 'x')('Bearer abc.def.ghi')).toBe('Bearer abc.def.ghi')
  })
})
