import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decoded, encoded } from '../../gateway-core/json/scan.ts'
import { JsonTree } from '../../gateway-core/json/tree.ts'

function change(text: string, act: (tree: JsonTree) => void): string {
  const tree = JsonTree.read(encoded(text))
  if (!(tree instanceof JsonTree)) throw new Error(tree.message)
  act(tree)
  return decoded(tree.write())
}

describe('the JSON tree', () => {
  const table: [what: string, before: string, act: (tree: JsonTree) => void, after: string][] = [
    ['nothing', ' { "a" : 1.0E5 , "b":[ 1 , 2 ] } \n', () => {}, ' { "a" : 1.0E5 , "b":[ 1 , 2 ] } \n'],
    [
      'remove',
      '{"a":12345678901234567890,"b":{ "c" : 1 }}',
      (tree) => tree.remove(['b']),
      '{"a":12345678901234567890}',
    ],
    ['remove deep', '{"a":[{"x":1,"y":"é"},{"x":2}]}', (tree) => tree.remove(['a', '*', 'x']), '{"a":[{"y":"é"},{}]}'],
    ['remove an item', '[1,2,3]', (tree) => tree.remove(['1']), '[1,3]'],
    ['remove all of equal keys', '{"a":1,"b":2,"\\u0061":3}', (tree) => tree.remove(['a']), '{"b":2}'],
    ['remove what is not there', '{ "a" : 1 }', (tree) => tree.remove(['b', 'c']), '{ "a" : 1 }'],
    ['set', '{"a":1}', (tree) => tree.set(['b'], '"x"'), '{"a":1,"b":"x"}'],
    [
      'set replaces, and leaves one of equal keys',
      '{"a":1,"b":2,"a":3}',
      (tree) => tree.set(['a'], '9'),
      '{"a":9,"b":2}',
    ],
    ['set makes objects on the way', '{}', (tree) => tree.set(['a', 'b', 'c'], '1'), '{"a":{"b":{"c":1}}}'],
    ['set through a scalar does nothing', '{"a":1}', (tree) => tree.set(['a', 'b'], '1'), '{"a":1}'],
    ['set items', '[1,2]', (tree) => [tree.set(['0'], '9'), tree.set(['-'], '3'), tree.set(['7'], '4')], '[9,2,3]'],
    ['set all', '[{"a":1},{"b":2}]', (tree) => tree.set(['*', 'a'], '0'), '[{"a":0},{"b":2,"a":0}]'],
    ['set on a scalar document', '1', (tree) => tree.set(['a'], '1'), '1'],
    ['rename', '{"a": 1.0,"b":2}', (tree) => tree.rename(['a'], 'ä'), '{"ä":1.0,"b":2}'],
    ['rename replaces', '{"a":1,"b":2}', (tree) => tree.rename(['a'], 'b'), '{"b":1}'],
    ['rename takes the last of equal keys', '{"a":1,"a":2}', (tree) => tree.rename(['a'], 'b'), '{"b":2}'],
    ['rename in all', '[{"a":1},{"a":2}]', (tree) => tree.rename(['*', 'a'], 'b'), '[{"b":1},{"b":2}]'],
    ['move', '{"a":{"id": 7.0},"b":1}', (tree) => tree.move(['a', 'id'], ['id']), '{"a":{},"b":1,"id":7.0}'],
    ['move what is not there', '{"b":1}', (tree) => tree.move(['a'], ['c']), '{"b":1}'],
    [
      'move a changed value',
      '{"a":{"x":1}}',
      (tree) => [tree.set(['a', 'y'], '2'), tree.move(['a'], ['b'])],
      '{"b":{"x":1,"y":2}}',
    ],
    [
      'prototype names are names',
      '{"__proto__":1}',
      (tree) => [tree.set(['constructor', 'prototype'], '1'), tree.remove(['__proto__'])],
      '{"constructor":{"prototype":1}}',
    ],
  ]
  it.each(table)('%s', (_what, before, act, after) => {
    expect(change(before, act)).toBe(after)
  })

  it('says what is wrong with a text', () => {
    expect(JsonTree.read('{"a":}')).toMatchObject({ offset: 5 })
  })

  it('reads depth without stack', () => {
    const deep = 300_000
    const text = `${'['.repeat(deep)}${']'.repeat(deep)}`
    expect(change(text, (tree) => tree.remove(['0', '1']))).toBe(text)
  })

  const names = fc.string().filter((name) => name !== '*')

  it('any document is written as it was read, and a set value is read back', () => {
    fc.assert(
      fc.property(fc.dictionary(names, fc.jsonValue()), names, fc.constantFrom(0, 2), (value, key, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(change(text, () => {})).toBe(text)
        const after = JSON.parse(change(text, (tree) => tree.set([key], '{"x":[1]}'))) as object
        expect(after).toEqual(JSON.parse(JSON.stringify({ ...value, [key]: { x: [1] } })))
        expect(JSON.parse(change(text, (tree) => tree.remove(Object.keys(value).slice(0, 1))))).toEqual(
          JSON.parse(JSON.stringify(Object.fromEntries(Object.entries(value).slice(1)))),
        )
      }),
    )
  })
})
