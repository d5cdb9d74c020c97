import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DetectorName, detectors, luhn } from '../../../gateway-core/policies/data-mask/detectors.ts'

function found(detector: DetectorName, text: string): string[] {
  return detectors[detector](text).map(({ start, end }) => text.slice(start, end))
}

describe('detectors', () => {
  const hits: [DetectorName, string, string[]][] = [
    ['card', 'pay with 4111 1111 1111 1111, thanks', ['4111 1111 1111 1111']],
    ['card', '4111-1111-1111-1111/5555555555554444', ['4111-1111-1111-1111', '5555555555554444']],
    [
      'card',
      '378282246310005 6011111111111117 3530111333300000 30569309025904',
      ['378282246310005', '6011111111111117', '3530111333300000', '30569309025904'],
    ],
    ['card', 'on 2026-01-15 4111 1111 1111 1111 1', ['4111 1111 1111 1111']],
    ['card', 'A1 4111111111111111', ['4111111111111111']],
    ['card', '2223003122003222', ['2223003122003222']],
    ['email', 'write to Jane.Doe+x@mail.example.co.uk.', ['Jane.Doe+x@mail.example.co.uk']],
    ['email', '<a@b.de>,c@d.example', ['a@b.de', 'c@d.example']],
    ['email', 'jürgen@bücher.example', ['jürgen@bücher.example']],
    ['iban', 'DE89370400440532013000', ['DE89370400440532013000']],
    ['iban', 'to GB29 NWBK 6016 1331 9268 19 and then', ['GB29 NWBK 6016 1331 9268 19']],
    ['iban', 'fr1420041010050500013m02606', ['fr1420041010050500013m02606']],
    ['national-id', '078-05-1120', ['078-05-1120']],
    ['national-id', '12345678Z X1234567L', ['12345678Z', 'X1234567L']],
    ['national-id', 'RSSMRA85T10A562S', ['RSSMRA85T10A562S']],
    ['national-id', '2 55 08 14 168 025 38', ['2 55 08 14 168 025 38']],
    ['national-id', '44051401359', ['44051401359']],
    ['national-id', '529.982.247-25', ['529.982.247-25']],
    ['national-id', '131052-308T', ['131052-308T']],
    ['national-id', '811218-9876', ['811218-9876']],
    ['phone', 'call +49 30 1234567 now', ['+49 30 1234567']],
    ['phone', '+1 (555) 234-5678, +1-415-555-2671', ['+1 (555) 234-5678', '+1-415-555-2671']],
    ['phone', 'tel:+442071838750;ext=2', ['+442071838750']],
    ['phone', '(+33 1 23 45 67 89).', ['+33 1 23 45 67 89']],
    ['phone', '+49 (0)30/123 45 67', ['+49 (0)30/123 45 67']],
    ['phone', 'phone=+7 912 345-67-89', ['+7 912 345-67-89']],
    ['phone', '+35312345678 +390612345678', ['+35312345678', '+390612345678']],
    ['phone', '+290 12345', ['+290 12345']],
    [
      'secret',
      'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl!',
      ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ],
    ['secret', 'key=AKIAIOSFODNN7EXAMPLE;', ['AKIAIOSFODNN7EXAMPLE']],
    ['secret', `ghp_${'a'.repeat(36)}`, [`ghp_${'a'.repeat(36)}`]],
    [
      'secret',
      '-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\n',
      ['-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----'],
    ],
    ['secret', 'x -----BEGIN PRIVATE KEY-----\nMII', ['-----BEGIN PRIVATE KEY-----\nMII']],
  ]
  it.each(hits)('%s finds it in %j', (detector, text, expected) => {
    expect(found(detector, text)).toEqual(expected)
  })

  const misses: [DetectorName, string[]][] = [
    [
      'card',
      [
        '4111111111111112',
        '1768478400000',
        '0.4111111111111111',
        'ab4111111111111111',
        '4111111111111111cd',
        '41111111111111110000',
        '0000 0000 0000 0000',
        '4111  1111  1111  1111',
      ],
    ],
    ['email', ['@', 'a@b', '@b.de', 'a@.de', 'a @b.de', 'user@localhost', 'git@@x.de', '...@x.de']],
    [
      'iban',
      [
        'DE89370400440532013001',
        'DE8937040044053201300',
        'XX89370400440532013000',
        'DE893704004405320130000',
        'ISBN 978-3-16-148410-0',
      ],
    ],
    [
      'phone',
      [
        '030 1234567',
        '0049301234567',
        '+02:00',
        '2026-01-15T12:00:00+0100',
        '+0100 1234567',
        '1+234567890123',
        'a+4930123456',
        'a/+49301234567890abc',
        '+49301234567x',
        '+4930123456789012',
        '+999 1234567',
        '+2101234567',
        '+12500000',
        '+1000000000',
        '+1 055 123 4567',
        '+10.4930123456',
        '+25 000 000',
        '+4912345,678',
        '++4930123456',
        '+49--30--123456',
        '+7 123 456 78',
        '+',
      ],
    ],
    [
      'national-id',
      [
        '000-12-3456',
        '666-12-3456',
        '123-00-4567',
        '12345678A',
        'RSSMRA85T10A562T',
        '44051401358',
        '99999999999',
        '529.982.247-26',
        '111.111.111-11',
        '131052-308U',
        '811218-9875',
        '2 55 08 14 168 025 39',
        'A-078-05-1120',
        '5550-078-05-1120',
      ],
    ],
    [
      'secret',
      [
        'eyJ',
        'eyJhbGciOi',
        'sk_',
        'AKIA123',
        '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----',
        'a risk-free-but-long-hyphenated-word',
      ],
    ],
  ]
  it.each(misses)('%s leaves everything else alone', (detector, texts) => {
    for (const text of texts) expect(found(detector, text), text).toEqual([])
  })

  it('take linear time on hostile texts', () => {
    const hostile = [
      '1',
      '1 ',
      '1-',
      '4111 ',
      '@',
      'a@',
      'a.',
      '@a.',
      'eyJ',
      'eyJa.',
      'DE89',
      'D E',
      '-----BEGIN PRIVATE KEY-----',
      '-----BEGIN ',
      'sk-',
      'x@y.',
      '+1 ',
      '+49(0)',
      '+4930123456 ',
      '+',
      '\u00e9',
    ]
    for (const piece of hostile) {
      const text = piece.repeat(Math.ceil(150_000 / piece.length))
      for (const detector of Object.values(detectors)) {
        const started = performance.now()
        detector(text)
        expect(performance.now() - started, piece).toBeLessThan(3000)
      }
    }
  })

  it('any card number of a known issuer is found, whatever stands around it', () => {
    const numbers = fc
      .tuple(
        fc.constantFrom('4', '51', '2221', '6011'),
        fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 15, maxLength: 15 }),
      )
      .map(([prefix, rest]) => {
        const body = (prefix + rest.join('')).slice(0, 15)
        return body + Array.from('0123456789').find((digit) => luhn(body + digit))!
      })
    const before = fc.constantFrom('', ' ', '"', ': ', 'x ', '12 ', '\n', '(', 'é')
    const after = fc.constantFrom('', ' ', '"', ', ', '.', ' 12', '\n', ')', 'é')
    fc.assert(
      fc.property(numbers, before, after, fc.constantFrom('', ' ', '-'), (number, ahead, behind, gap) => {
        const written = number.match(/.{4}/g)!.join(gap)
        const text = `${ahead}${written}${behind}`
        const covered = detectors
          .card(text)
          .filter(({ start, end }) => start <= ahead.length + written.length && end > ahead.length)
        expect(covered.length, text).toBeGreaterThan(0)
      }),
    )
  })
})
