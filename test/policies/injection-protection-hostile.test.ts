import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { injectionClasses } from '../../gateway-core/policies/injection-protection/finding.ts'
import { inspectionOf } from '../../gateway-core/policies/injection-protection/inspect.ts'
import { judgeWith, type Given } from './harness.ts'

async function judge(given: Given, config: object = {}) {
  const result = await judgeWith({ 'injection-protection': config }, given)
  expect(result.trace.filter((entry) => entry.verdict === 'error')).toEqual([])
  return result
}
describe('hostile input', () => {
  const inspect = inspectionOf(injectionClasses)
  const look = (text: string): void => {
    for (const place of ['query', 'body'] as const)
      for (const name of [false, true]) inspect(text, { place, name }, () => 11)
  }

  test('any text is read without a throw', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 200 })
    fc.assert(
      fc.property(text, fc.string({ maxLength: 100 }), (a, b) => look(a + b)),
      { numRuns: 300 },
    )
    const whole = fc.asyncProperty(text, fc.string({ maxLength: 50 }), async (a, b) => {
      await judge({ request: { url: `/x?${encodeURI(a.toWellFormed())}`, headers: { cookie: b } } })
    })
    await fc.assert(whole, { numRuns: 25 })
  })

  test('time stays linear for text made to be slow', () => {
    const pieces = [
      `'`,
      `"`,
      '`',
      '<',
      '<a ',
      '<a x=',
      '<!--',
      '(',
      ')(',
      '*)',
      '{{',
      '${',
      '${a:',
      '#{',
      '{%',
      '/',
      '../',
      '..\\',
      './',
      '\\',
      ';',
      '|',
      '& ',
      '%',
      '%u',
      '%25',
      '&#',
      '&amp;',
      '\\u00',
      '--',
      '/*',
      '*/',
      '#',
      '@',
      '0',
      '0x',
      '1e',
      '1.',
      'a',
      'a.',
      'A1',
      ' ',
      '\n',
      '\r\n',
      '\t',
      '\0',
      '+',
      '=',
      ' or ',
      ' and 1',
      'select ',
      'union ',
      'from ',
      ',',
      "','",
      'on',
      'onx=',
      'javascript',
      'j a',
      'if ',
      'for %',
      'in (',
      'cat ',
      'http://',
      'http:',
      '//',
      '[',
      ']',
      '[]+',
      '!',
      '﹤',
      '\u00e9',
      'if(',
      '"a',
      '-',
      '()',
      '(){',
      'é',
      'XSL',
      'xmlns=',
      'exec(',
      '$x(',
      'this.',
      'db.a.',
      'new ',
      ':-',
      'style=',
      'url(',
    ]
    let slowest = 0
    let culprit = ''
    const measure = (text: string, label: string): void => {
      const start = process.cpuUsage()
      look(text)
      const used = process.cpuUsage(start)
      const micros = used.user + used.system
      if (micros > slowest) [slowest, culprit] = [micros, label]
    }
    for (const first of pieces) measure(first.repeat(Math.ceil(8_192 / first.length)), JSON.stringify(first))
    // Pairs, a different share of them for each first piece; together they touch every piece several times.
    for (const [at, first] of pieces.entries()) {
      for (let step = 1 + (at % 7); step < pieces.length; step += 9) {
        const pair = first + pieces[(at + step) % pieces.length]!
        measure(pair.repeat(Math.ceil(2_048 / pair.length)), JSON.stringify(pair))
      }
    }
    // Four looks at 8 KB each; a rule that backtracks takes seconds.
    expect(slowest, culprit).toBeLessThan(400_000)
  }, 60_000)
})
