/**
 * Telephone numbers as they are written for the whole world (ITU-T E.123): a plus sign, a country code that is assigned
 * (E.164), 8 to 15 digits in groups. Numbers without the plus sign look like any other number, and are none here.
 */
export function phoneNumbers(text: string): { start: number; end: number }[] {
  const hits: { start: number; end: number }[] = []
  for (const { 0: written, index } of text.matchAll(shape)) {
    const digits = written.replaceAll(/\D/g, '')
    if (!isNumber(digits)) continue
    // A bracket that closes what began before the number is not part of it.
    const closed = written.endsWith(')') && written.split(')').length > written.split('(').length
    hits.push({ start: index, end: index + written.length - (closed ? 1 : 0) })
  }
  return hits
}

/** Groups are set apart by one sign; brackets stand around an area code, or around a zero that is not dialled. */
const shape = /(?<![\w+./-])\+[1-9](?:[ .\-/\u00a0]?\(?\d\)?){6,14}(?![\w+=]|[.,]\d)/g

const countryCodes = new RegExp(
  `^(?:${[
    '1|7',
    '2(?:[07]|1[1-368]|[2-6]\\d|9[01789])',
    '3(?:[0-469]|[578]\\d)',
    '4(?:[013-9]|2[013])',
    '5(?:[1-8]|0\\d|9\\d)',
    '6(?:[0-6]|[789]\\d)',
    '8(?:[1246]|0[08]|5\\d|7[08]|8\\d)',
    '9(?:[0-58]|6\\d|7\\d|9[2-68])',
  ].join('|')})`,
)

function isNumber(digits: string): boolean {
  if (digits.length < 8 || digits.length > 15 || !countryCodes.test(digits)) return false
  // Round sums and differences have a plus sign too.
  if (/0{5}$/.test(digits)) return false
  // North America: area and exchange begin with 2 to 9 (NANP). Russia and Kazakhstan: ten digits.
  if (digits[0] === '1') return /^1[2-9]\d\d[2-9]\d{6}$/.test(digits)
  return digits[0] !== '7' || digits.length === 11
}
