import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
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

describe('rules in the files', () => {
  const file = (path: string) => readFileSync(join(desk.folder, path), 'utf8')

  it('are made, changed, turned off and taken out by no more than their lines', async () => {
    await open()
    const { text } = await desk.call('intercept.ruleTemplate', { kind: 'mock' })
    expect(await desk.call('intercept.ruleCheck', { text })).toEqual({
      explain: 'For exchanges that match path:/example: answers 200 with 11 bytes in the place of the upstream.',
      problems: [],
      value: { name: 'mock something', match: 'path:/example', mock: { status: 200, json: { ok: true } } },
    })
    await desk.call('intercept.ruleSave', { text })
    expect(file('rules/rules.yaml')).toContain('rules:\n  - name: mock something\n')
    expect(await (await desk.send('/example')).json()).toEqual({ ok: true })
    const { rules } = await desk.call('intercept.state', {})
    expect(rules).toMatchObject([{ name: 'mock something', hits: 1, enabled: true, file: 'rules/rules.yaml', line: 2 }])

    await desk.call('intercept.ruleSave', { text: 'name: second\nmatch: path:/2\nfault: { status: 503 }\n' })
    const before = file('rules/rules.yaml')
    await desk.call('intercept.ruleEnable', { name: 'mock something', enabled: false })
    expect(file('rules/rules.yaml')).toBe(before.replace('mock something\n', 'mock something\n    enabled: false\n'))
    await desk.call('intercept.ruleEnable', { name: 'mock something', enabled: true })
    const changed = (await desk.call('intercept.ruleText', { name: 'mock something' })).text.replace(
      'ok: true',
      'ok: 2',
    )
    await desk.call('intercept.ruleSave', { text: changed, name: 'mock something' })
    expect(await (await desk.send('/example')).json()).toEqual({ ok: 2 })
    await desk.call('intercept.ruleRemove', { name: 'mock something' })
    expect(file('rules/rules.yaml')).toBe('rules:\n  - name: second\n    match: path:/2\n    fault: { status: 503 }\n')
    expect((await desk.send('/2')).status).toBe(503)
    await desk.call('intercept.ruleRemove', { name: 'second' })
    expect(file('rules/rules.yaml')).toBe('rules: []\n')
  })

  it('keep comments and whatever stands around them', async () => {
    const yaml =
      '# about\nrules:\n\n  # why this one\n  - name: a   # first\n    mock: { body: one }\n\n  # and this\n  - { name: b, mock: { body: two } }\n# end\n'
    await open('', { 'rules/mine.yaml': yaml })
    await desk.call('intercept.ruleEnable', { name: 'b', enabled: false })
    expect(file('rules/mine.yaml')).toBe(yaml.replace('{ name: b,', '{ name: b, enabled: false,'))
    await desk.call('intercept.ruleSave', { name: 'a', text: 'name: a\nmatch: path:/a\nmock: { body: three }\n' })
    expect(file('rules/mine.yaml')).toContain(
      '  # why this one\n  - name: a\n    match: path:/a\n    mock: { body: three }\n\n  # and this\n',
    )
  })

  it('run in another order, are doubled, and are filled by a form', async () => {
    await open('rules: [{ name: main, mock: { body: main } }]\n', {
      'rules/mine.yaml': 'rules:\n  - name: a\n    mock: { body: one }\n  - name: b\n    mock: { body: two }\n',
    })
    const names = async () => (await desk.call('intercept.state', {})).rules.map(({ name }) => name)
    await desk.call('intercept.ruleEnable', { name: 'main', enabled: false })
    expect(await (await desk.send('/x')).text()).toBe('one')
    await desk.call('intercept.ruleMove', { name: 'b', step: -1 })
    expect(await names()).toEqual(['main', 'b', 'a'])
    expect(await (await desk.send('/x')).text()).toBe('two')
    // At the ends of all rules there is nothing to do.
    await desk.call('intercept.ruleMove', { name: 'main', step: -1 })
    await desk.call('intercept.ruleMove', { name: 'a', step: 1 })
    expect(await names()).toEqual(['main', 'b', 'a'])
    expect(await desk.call('intercept.ruleDuplicate', { name: 'b' })).toEqual({ name: 'b copy' })
    expect(await names()).toEqual(['main', 'b', 'b copy', 'a'])
    const { text } = await desk.call('intercept.ruleText', { name: 'b copy' })
    const value = { name: 'b copy', match: 'path:/only', fault: { status: 503 } }
    const filled = await desk.call('intercept.ruleFill', { text, value })
    expect(filled.text).toBe('name: "b copy"\nmatch: path:/only\nfault:\n  status: 503\n')
    expect(await desk.call('intercept.ruleCheck', { text: filled.text, name: 'b copy' })).toMatchObject({
      value,
      problems: [],
    })
  })

  it('move from file to file, by steps and by name', async () => {
    await open('rules: [{ name: main, mock: { body: main } }]\n', {
      'rules/mine.yaml':
        'rules:\n  # why a\n  - name: a\n    mock: { body: one }\n  - name: b\n    mock: { body: two }\n',
    })
    const where = async () => (await desk.call('intercept.state', {})).rules.map((rule) => `${rule.name} ${rule.file}`)
    await desk.call('intercept.ruleMove', { name: 'a', step: -1 })
    expect(await where()).toEqual(['a gatehouse.yaml', 'main gatehouse.yaml', 'b rules/mine.yaml'])
    expect(file('gatehouse.yaml')).toMatch(
      /rules:\n {2}# why a\n {2}- name: a\n {4}mock: \{ body: one \}\n {2}- \{ name: main/,
    )
    expect(await (await desk.send('/x')).text()).toBe('one')
    await desk.call('intercept.ruleMoveTo', { name: 'main', file: 'rules/another.yaml' })
    expect(await where()).toEqual(['a gatehouse.yaml', 'main rules/another.yaml', 'b rules/mine.yaml'])
    await desk.call('intercept.ruleMove', { name: 'main', step: 1 })
    expect(await where()).toEqual(['a gatehouse.yaml', 'b rules/mine.yaml', 'main rules/mine.yaml'])
    await desk.call('intercept.ruleMoveTo', { name: 'main', file: 'gatehouse.yaml' })
    expect(await where()).toEqual(['a gatehouse.yaml', 'main gatehouse.yaml', 'b rules/mine.yaml'])
    for (const [wrong, says] of [
      ['../elsewhere.yaml', 'is no file of rules'],
      ['rules/deeper/x.yaml', 'is no file of rules'],
      ['policies/x.yaml', 'is no file of rules'],
    ] as const) {
      await expect(desk.call('intercept.ruleMoveTo', { name: 'b', file: wrong })).rejects.toThrow(says)
    }
    await expect(desk.call('intercept.ruleMoveTo', { name: 'no', file: 'rules/x.yaml' })).rejects.toThrow(
      'no rule "no"',
    )
    expect(await where()).toHaveLength(3)
  })

  it('say what is wrong within their own lines', async () => {
    await open()
    const check = (text: string) => desk.call('intercept.ruleCheck', { text })
    expect((await check('name: x\nmatch: nosuch:1\nmock: {}\n')).problems).toMatchObject([
      { line: 2, column: 8, code: 'BAD_EXPRESSION', message: '"match" is not a query: there is no field nosuch' },
    ])
    expect((await check('name: x\nmock: {}\nfault: reset\n')).problems).toMatchObject([
      { line: 3, message: 'a rule does one thing, and this one has mock and fault' },
    ])
    expect((await check('name: x\nmatch: status:200\nmock: {}\n')).problems).toMatchObject([
      { line: 2, code: 'UNREACHABLE', severity: 'warning', message: expect.stringContaining('asks for status') },
    ])
    expect((await check('name: x\nmatch: status:200\ndelay: 1s\n')).problems).toEqual([])
    expect((await check('name: x\n')).problems).toMatchObject([{ message: 'this rule does nothing' }])
    expect((await check('name: x\nmock: { file: none.json }\n')).problems).toMatchObject([{ code: 'FILE_MISSING' }])
    // Bytes that are no text would be damaged on their way.
    writeFileSync(join(desk.folder, 'logo.png'), Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0xff]))
    expect((await check('name: x\nmock: { file: logo.png }\n')).problems).toMatchObject([
      { code: 'BAD_VALUE', message: expect.stringContaining('logo.png is no UTF-8 text') },
    ])
    expect((await check('name: [\n')).problems).toMatchObject([{ code: 'YAML_SYNTAX' }])
    expect((await check('rules\n')).problems).toMatchObject([{ message: 'a rule is a mapping (key: value)' }])
    expect((await check('mock: {}\n')).problems).toMatchObject([{ message: expect.stringContaining('no name') }])
    await expect(desk.call('intercept.ruleSave', { text: 'name: x\nmok: {}\n' })).rejects.toThrow('unknown key "mok"')
  })

  it('are sound to begin with, whatever their kind', async () => {
    await open()
    for (const kind of ['rewrite', 'mock', 'delay', 'fault'] as const) {
      const { text } = await desk.call('intercept.ruleTemplate', { kind })
      const { problems, explain } = await desk.call('intercept.ruleCheck', { text })
      expect(problems).toEqual([])
      expect(explain).toBeTruthy()
    }
  })
})
