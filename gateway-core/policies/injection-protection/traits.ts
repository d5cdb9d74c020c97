/** Kinds of characters that a text has, as bits: a detector whose characters are not there is not asked. */
export const trait = {
  quote: 1,
  angle: 2,
  dollar: 4,
  brace: 8,
  separator: 16,
  slash: 32,
  percent: 64,
  parenthesis: 128,
  backslash: 256,
  space: 512,
  equals: 1024,
  control: 2048,
  beyondAscii: 4096,
  ampersand: 8192,
  hash: 16_384,
  dot: 32_768,
  colon: 65_536,
  star: 131_072,
  dash: 262_144,
  plus: 524_288,
  letter: 1_048_576,
  at: 2_097_152,
  bracket: 4_194_304,
  bang: 8_388_608,
} as const

const table = new Int32Array(128)
for (let code = 0; code < 32; code += 1) table[code] = trait.control
for (let code = 48; code < 128; code += 1) if (/[a-z]/i.test(String.fromCodePoint(code))) table[code] = trait.letter
const groups: readonly (readonly [characters: string, bits: number])[] = [
  ['\'"', trait.quote],
  ['`', trait.quote | trait.separator],
  ['<>', trait.angle],
  ['$', trait.dollar],
  ['{}', trait.brace],
  [';|', trait.separator],
  ['&', trait.separator | trait.ampersand],
  ['/', trait.slash],
  ['\\', trait.backslash | trait.slash],
  ['%', trait.percent],
  ['()', trait.parenthesis],
  [' ', trait.space],
  ['=', trait.equals],
  ['#', trait.hash],
  ['.', trait.dot],
  [':', trait.colon],
  ['*', trait.star],
  ['-', trait.dash],
  ['+', trait.plus],
  ['@', trait.at],
  ['[]', trait.bracket],
  ['!', trait.bang],
  ['\t\n\r\u000B\f', trait.control | trait.space],
]
for (const [characters, bits] of groups) for (const character of characters) table[character.codePointAt(0)!] = bits

/** The bits of every character of a text. */
export function traitsOf(text: string): number {
  let bits = 0
  for (let at = 0; at < text.length; at += 1) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- code units are enough and half the cost
    const code = text.charCodeAt(at)
    bits |= code < 128 ? table[code]! : trait.beyondAscii
  }
  return bits
}

const harmlessOnly = trait.letter | trait.dash | trait.dot | trait.colon | trait.at | trait.plus

/** Names that attacks spell with letters and dots alone. */
const dotted =
  /\.\.|^(?:https?|ftp):|java|process|constructor|proto|window|document|runtime|class|\.(?:ini|env|conf|passw|git|ht[ap])/i

/** Texts of letters, digits and `_-.:@+` alone, and not long, can be no attack that this policy knows, but for a few dotted names. */
export function isHarmless(text: string, traits: number): boolean {
  if ((traits & ~harmlessOnly) !== 0) return false
  if ((traits & trait.dot) !== 0 && dotted.test(text)) return false
  if ((traits & trait.letter) === 0) return (traits & trait.dot) === 0 || text.length > 40 || !numericHost.test(text)
  return !text.includes('__') && (text.length < 24 || (traits & trait.colon) === 0)
}
const numericHost = /^\d{3,}\.\d+\.|^0\d/
