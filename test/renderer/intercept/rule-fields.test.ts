import { describe, expect, it } from 'vitest'
import {
  delayOf,
  faultIn,
  faultOf,
  headersOfRows,
  jsonOfRows,
  kindOf,
  namesIn,
  numberOr,
  percentOf,
  rowsOfHeaders,
  rowsOfJson,
  shareOf,
  withKey,
  withKind,
} from '../../../renderer/intercept/rule-fields.ts'

describe('fields of a rule', () => {
  it('headers stand in rows, one for each value, and come back as they were', () => {
    const headers = { 'X-A': '1', 'Set-Cookie': ['a=1', 'b=2'] }
    const rows = rowsOfHeaders(headers)
    expect(rows).toEqual([
      ['X-A', '1'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ])
    expect(headersOfRows(rows)).toEqual(headers)
    expect(headersOfRows([['', 'x']])).toBeUndefined()
    expect(headersOfRows([['toString', 'x']])).toEqual({ toString: 'x' })
  })

  it('JSON values are written as JSON; what is none is a text, and a text that looks like one keeps its quotes', () => {
    const values = { '/a': 1, '/b': 'plain', '/c': '1', '/d': null, '/e': { f: [true] } }
    expect(rowsOfJson(values).map(([, text]) => text)).toEqual(['1', 'plain', '"1"', 'null', '{"f":[true]}'])
    expect(jsonOfRows(rowsOfJson(values))).toEqual(values)
  })

  it.each([
    ['300ms', { from: '300ms', to: '', bytesPerSecond: '' }],
    [
      { from: '1s', to: '2s' },
      { from: '1s', to: '2s', bytesPerSecond: '' },
    ],
    [{ bytesPerSecond: '16kb' }, { from: '', to: '', bytesPerSecond: '16kb' }],
    ['0ms', { from: ' ', to: '', bytesPerSecond: '' }],
  ])('a delay is %j', (written, fields) => expect(delayOf(fields)).toEqual(written))

  it.each(['reset', 'hang', { hang: '10s' }, { status: 503 }, { truncate: '100b' }, { slow: 64 }])(
    'a fault %j comes back as it was',
    (fault) => {
      const { kind, amount } = faultIn(fault)
      expect(faultOf(kind, amount)).toEqual(fault)
    },
  )

  it('parts are percent, without the noise of binary fractions', () => {
    expect([0.1, 0.07, 1, 0.285, 'x'].map(percentOf)).toEqual(['10', '7', '100', '28.5', 'x'])
    expect(['10', '7 %', '100', '28.5', '', 'half'].map(shareOf)).toEqual([
      0.1,
      0.07,
      undefined,
      0.285,
      undefined,
      'half',
    ])
  })

  it('another kind keeps what both have, and what was filled in before', () => {
    const mock = { name: 'a', match: 'path:/x', mock: { status: 418 } }
    const fault = withKind(mock, 'fault', mock)
    expect(fault).toEqual({ name: 'a', match: 'path:/x', fault: { status: 503 } })
    expect(withKind(fault, 'mock', { ...mock, ...fault })).toEqual(mock)
    expect([kindOf(mock), kindOf({ name: 'a' })]).toEqual(['mock', undefined])
  })

  it('numbers, names and keys are what was typed', () => {
    expect(['201', ' 2.5 ', '16kb', ''].map(numberOr)).toEqual([201, 2.5, '16kb', undefined])
    expect([namesIn('X-A, ,X-B,'), namesIn(' ')]).toEqual([['X-A', 'X-B'], undefined])
    expect(withKey({ a: 1, b: 2 }, 'a', undefined)).toEqual({ b: 2 })
    expect(Object.keys(withKey({ a: 1, b: 2 }, 'a', 3))).toEqual(['a', 'b'])
    expect(withKey('reset', 'a', 1)).toEqual({ a: 1 })
  })
})
