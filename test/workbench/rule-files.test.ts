import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { appendRule, findRule, removeRule, rulesOf, textOfRule } from '../../gateway-core/workbench/rule-edit.ts'
import { moveRuleBy } from '../../gateway-core/workbench/rule-move.ts'
import {
  commentsAbove,
  copyName,
  duplicateRule,
  insertRule,
  moveRule,
} from '../../gateway-core/workbench/rule-order.ts'
import { ruleTemplates } from '../../gateway-core/workbench/rule-templates.ts'
import { ruleWithValue, valueOfRule } from '../../gateway-core/workbench/rule-value.ts'

const file = `# about this file
rules:

  # why a
  - name: a      # first
    mock: { body: one }
    # share: 0.5

  - { name: b, mock: { body: two } } # in one line

  # and c
  # is long
  - name: c
    mock:
      json: { ok: true }
      # file: x.json
# end
`

describe('the order of rules', () => {
  it('changes with their comments; everything else stays where it is', () => {
    expect(moveRule(file, 'c', -1)).toBe(`# about this file
rules:

  # why a
  - name: a      # first
    mock: { body: one }
    # share: 0.5

  # and c
  # is long
  - name: c
    mock:
      json: { ok: true }
      # file: x.json

  - { name: b, mock: { body: two } } # in one line
# end
`)
    expect(rulesOf(moveRule(file, 'a', 1)!)).toEqual(['b', 'a', 'c'])
    expect(moveRule(moveRule(file, 'a', 1)!, 'a', -1)).toBe(file)
    expect([moveRule(file, 'a', -1), moveRule(file, 'c', 1)]).toEqual([undefined, undefined])
  })

  it('changes in a list of one line too', () => {
    const flow = 'rules: [{ name: a, mock: {} }, { name: b, mock: {} }]\n'
    expect(rulesOf(moveRule(flow, 'b', -1)!)).toEqual(['b', 'a'])
  })

  it('is any order, one step after the other, and no rule changes on the way', () => {
    const kinds = Object.keys(ruleTemplates) as (keyof typeof ruleTemplates)[]
    const steps = fc.array(fc.tuple(fc.nat(5), fc.constantFrom(-1 as const, 1 as const)), { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...kinds), { minLength: 1, maxLength: 6 }), steps, (chosen, moves) => {
        const names = chosen.map((_, at) => `rule ${at}`)
        const rules = chosen.map((kind, at) => ruleTemplates[kind].replace(/^name: .*/, `name: ${names[at]}`))
        let text = rules.reduce(appendRule, '')
        const expected = [...names]
        for (const [which, step] of moves) {
          const name = names[which % names.length]!
          const at = expected.indexOf(name)
          const to = at + step
          const moved = moveRule(text, name, step)
          expect(moved === undefined).toBe(to < 0 || to >= names.length)
          if (moved === undefined) continue
          text = moved
          ;[expected[at], expected[to]] = [expected[to]!, expected[at]!]
        }
        expect(rulesOf(text)).toEqual(expected)
        for (const [at, name] of names.entries()) expect(textOfRule(text, findRule(text, name)!)).toBe(rules[at])
      }),
      { numRuns: 60 },
    )
  })
})

describe('rules in several files', () => {
  const kinds = Object.keys(ruleTemplates) as (keyof typeof ruleTemplates)[]
  const allOf = (texts: ReadonlyMap<string, string>) => [...texts.values()].flatMap((text) => rulesOf(text))

  it('are in any order, one step after the other, and no rule or comment changes on the way', () => {
    const files = fc.array(fc.array(fc.constantFrom(...kinds), { maxLength: 3 }), { minLength: 1, maxLength: 4 })
    const steps = fc.array(fc.tuple(fc.nat(11), fc.constantFrom(-1 as const, 1 as const)), { maxLength: 15 })
    fc.assert(
      fc.property(files, steps, (chosen, moves) => {
        let number = 0
        let texts: ReadonlyMap<string, string> = new Map(
          chosen.map((list, at) => {
            const text = list.reduce((before, kind) => {
              const name = `r${number++}`
              const rule = ruleTemplates[kind].replace(/^name: .*/, `name: ${name}`)
              return insertRule(before, { name, rule, comments: [`# why ${name}`] }, 0)
            }, `# file ${at}\n`)
            return [at === 0 ? 'gatehouse.yaml' : `rules/${at}.yaml`, text] as const
          }),
        )
        const contents = () =>
          new Map(
            [...texts.values()].flatMap((text) =>
              rulesOf(text).map(
                (name) =>
                  [
                    name,
                    [
                      textOfRule(text, findRule(text, name)!),
                      commentsAbove(text, name).lines.map((line) => line.trim()),
                    ],
                  ] as const,
              ),
            ),
          )
        const before = contents()
        let expected = allOf(texts)
        for (const [pick, step] of moves) {
          const name = expected[pick % Math.max(1, expected.length)]
          if (name === undefined) continue
          const at = expected.indexOf(name)
          const other = expected[at + step]
          if (other !== undefined) expected = expected.with(at, other).with(at + step, name)
          texts = new Map([...texts, ...moveRuleBy(texts, name, step)])
          expect(allOf(texts)).toEqual(expected)
        }
        expect(contents()).toEqual(new Map(expected.map((name) => [name, before.get(name)])))
        for (const [at, text] of [...texts.values()].entries()) expect(text).toContain(`# file ${at}\n`)
      }),
    )
  })
})

describe('a copy of a rule', () => {
  it('stands behind it and differs by its name alone', () => {
    const copied = duplicateRule(file, 'a', 'a copy')
    expect(copied).toBe(
      file.replace(
        '    # share: 0.5\n',
        '    # share: 0.5\n  - name: "a copy"      # first\n    mock: { body: one }\n    # share: 0.5\n',
      ),
    )
    const flow = duplicateRule(file, 'b', 'b: "copy"')
    expect(rulesOf(flow)).toEqual(['a', 'b', 'b: "copy"', 'c'])
  })

  it('has a name that no rule has', () => {
    expect(copyName('slow', new Set(['slow']))).toBe('slow copy')
    expect(copyName('slow copy', new Set(['slow', 'slow copy', 'slow copy 2']))).toBe('slow copy 3')
  })
})

describe('a rule taken out', () => {
  it('takes its own comments along', () => {
    expect(removeRule(file, findRule(file, 'a')!)).not.toContain('share')
    expect(removeRule(file, findRule(file, 'c')!)).toContain('in one line\n')
  })
})

describe('a rule with other values', () => {
  it('keeps comments and places of what stays the same', () => {
    const rule = `name: slow   # why\nmatch: path:/x\ndelay: { from: 1s, to: 2s } # long\n# share: 0.5\n`
    expect(ruleWithValue(rule, { name: 'slow', enabled: false, match: 'path:/y', delay: { from: '1s' } })).toBe(
      `name: slow # why\nenabled: false\nmatch: path:/y\ndelay: { from: 1s } # long\n# share: 0.5\n`,
    )
    expect(ruleWithValue(rule, valueOfRule(rule)!)).toContain('# share: 0.5')
  })

  it('is the same whatever was typed on the way to it', () => {
    const typed = 'path:/rule'
    const steps = Array.from(typed, (_, at) => typed.slice(0, at + 1))
    const rule = 'name: a\nmatch: path~^/\nmock: {}\n'
    const end = steps.reduce((text, match) => ruleWithValue(text, { name: 'a', match, mock: {} }), rule)
    expect(end).toBe('name: a\nmatch: path:/rule\nmock: {}\n')
  })

  it('lays new values out as people write them', () => {
    const rewrite = { request: { setHeaders: { 'X-A': '1' }, replace: [{ in: 'url', text: '/v1/', with: '/v2/' }] } }
    expect(ruleWithValue('name: a\nmatch: path:/x\nmock: {}\n', { name: 'a', match: 'path:/x', rewrite })).toBe(
      `name: a
match: path:/x
rewrite:
  request:
    setHeaders:
      X-A: "1"
    replace:
      - { in: url, text: /v1/, with: /v2/ }
`,
    )
  })

  it('begins anew where the text cannot be read', () => {
    expect(valueOfRule('name: [')).toBeUndefined()
    expect(ruleWithValue('name: [', { name: 'a', fault: 'reset' })).toBe('name: a\nfault: reset\n')
  })

  it('says exactly these values, whatever they are', () => {
    const values = fc.record(
      {
        name: fc.string({ minLength: 1 }),
        enabled: fc.boolean(),
        match: fc.string({ unit: 'grapheme' }),
        share: fc.double({ min: 0.001, max: 1, noNaN: true }),
        mock: fc.record(
          { status: fc.integer({ min: 200, max: 599 }), body: fc.string(), json: fc.jsonValue() },
          { requiredKeys: [] },
        ),
        rewrite: fc.record({
          request: fc.dictionary(fc.constantFrom('setHeaders', 'setJson'), fc.dictionary(fc.string(), fc.string())),
        }),
        delay: fc.constantFrom('1s', { from: '1s', to: '2s' }),
      },
      { requiredKeys: ['name'] },
    )
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(ruleTemplates)), values, values, (rule, one, other) => {
        const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as object
        const first = ruleWithValue(rule, one)
        expect(plain(valueOfRule(first))).toEqual(plain(one))
        expect(plain(valueOfRule(ruleWithValue(first, other)))).toEqual(plain(other))
      }),
      { numRuns: 150 },
    )
  })
})
