/** A shape of national identification numbers, and the check that tells one from any other number. */
interface Kind {
  readonly shape: RegExp
  readonly valid: (text: string) => boolean
}

const kinds: readonly Kind[] = [
  // United States, Social Security number: no check digit, but ranges that were never given out.
  { shape: word('(?!000|666|9\\d\\d)\\d{3}-(?!00)\\d\\d-(?!0000)\\d{4}'), valid: () => true },
  // Spain, DNI and NIE.
  { shape: word('[XYZxyz\\d]\\d{7}-?[A-Za-z]'), valid: spanish },
  // Italy, codice fiscale.
  { shape: word('[A-Za-z]{6}\\d\\d[A-EHLMPRSTa-ehlmprst]\\d\\d[A-Za-z]\\d{3}[A-Za-z]'), valid: italian },
  // France, NIR (numéro de sécurité sociale).
  {
    shape: word('[12] ?\\d\\d ?(?:0[1-9]|1[0-2]|[2-4]\\d) ?(?:\\d\\d|2[AaBb]) ?\\d{3} ?\\d{3} ?\\d\\d'),
    valid: french,
  },
  // Poland, PESEL.
  { shape: word('\\d\\d[0-9]\\d[0-3]\\d{6}'), valid: polish },
  // Brazil, CPF as it is written.
  { shape: word('\\d{3}\\.\\d{3}\\.\\d{3}-\\d\\d'), valid: brazilian },
  // Finland, henkilötunnus.
  { shape: word('[0-3]\\d[01]\\d{3}[-+A-FU-Ya-fu-y]\\d{3}[\\dA-FHJ-NPR-Ya-fhj-npr-y]'), valid: finnish },
  // Sweden, personnummer with its hyphen.
  { shape: word('(?:\\d\\d)?\\d\\d[01]\\d[0-9]\\d[-+]\\d{4}'), valid: swedish },
]

function word(shape: string): RegExp {
  return new RegExp(`(?<![A-Za-z0-9._-])${shape}(?![A-Za-z0-9_-])`, 'g')
}

/** National identification numbers of the countries above, by shape and check digits. */
export function nationalIds(text: string): { start: number; end: number }[] {
  const hits: { start: number; end: number }[] = []
  if (!/\d\d/.test(text)) return hits
  for (const { shape, valid } of kinds) {
    for (const match of text.matchAll(shape)) {
      if (valid(match[0])) hits.push({ start: match.index, end: match.index + match[0].length })
    }
  }
  return hits
}

function spanish(text: string): boolean {
  const compact = text.replace('-', '').toUpperCase()
  const number = Number(compact.slice(0, -1).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))))
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23] === compact.at(-1)
}

/** Values of the odd places, from 0 and A on. */
const italianOdd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]

function italian(text: string): boolean {
  const code = text.toUpperCase()
  let sum = 0
  for (let at = 0; at < 15; at += 1) {
    const character = code.charCodeAt(at)
    const value = character < 65 ? character - 48 : character - 65
    sum += at % 2 === 0 ? italianOdd[value]! : value
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15]
}

function french(text: string): boolean {
  const compact = text.replaceAll(' ', '').toUpperCase().replace('2A', '19').replace('2B', '18')
  return 97 - (Number(compact.slice(0, 13)) % 97) === Number(compact.slice(13))
}

function polish(text: string): boolean {
  const month = Number(text.slice(2, 4)) % 20
  const day = Number(text.slice(4, 6))
  return (
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= 31 &&
    (10 - (weighted(text, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(text[10])
  )
}

function brazilian(text: string): boolean {
  const digits = text.replaceAll(/\D/g, '')
  if (/^(\d)\1+$/.test(digits)) return false
  const check = (count: number) => {
    const weights = Array.from({ length: count }, (_, at) => count + 1 - at)
    return ((weighted(digits, weights) * 10) % 11) % 10
  }
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10])
}

function finnish(text: string): boolean {
  const number = Number(text.slice(0, 6) + text.slice(7, 10))
  return '0123456789ABCDEFHJKLMNPRSTUVWXY'[number % 31] === text.at(-1)!.toUpperCase()
}

function swedish(text: string): boolean {
  const digits = text.replace(/[-+]/, '').slice(-10)
  const month = Number(digits.slice(2, 4))
  const day = Number(digits.slice(4, 6)) % 60
  if (month < 1 || month > 12 || day < 1 || day > 31) return false
  let sum = 0
  for (let at = 0; at < 10; at += 1) {
    const doubled = Number(digits[at]) * (at % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

function weighted(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * Number(digits[at]), 0)
}
