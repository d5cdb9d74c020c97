import { Buffer, isUtf8 } from 'node:buffer'
import { trait, traitsOf } from './traits.ts'

/** One reading of a value: as it came, or as some software behind the gateway may come to read it. */
export interface View {
  text: string
  traits: number
  /** How the text was arrived at, for evidence: `url`, `html`, `escapes`, `unicode`, `base64`, `utf-7`. Empty: as it came. */
  by: readonly string[]
}

/** Decoders are tried on each new reading, so that nested encodings open; more readings than this are not looked at. */
const mostViews = 7

/** The readings of a value, the value itself first. Plain values have just one. */
export function viewsOf(value: string, traits: number): readonly View[] {
  const first: View = { text: value, traits, by: none }
  if ((traits & encodingTraits) === 0 && !mayBeBase64(value)) return [first]
  const views: View[] = [first]
  const seen = new Set([value])
  for (let at = 0; at < views.length && views.length < mostViews; at += 1) {
    const view = views[at]!
    for (const decoder of decoders) {
      if (!decoder.applies(view)) continue
      const text = decoder.decode(view.text)
      if (text === undefined || seen.has(text)) continue
      seen.add(text)
      views.push({ text, traits: traitsOf(text), by: [...view.by, decoder.name] })
      if (views.length >= mostViews) break
    }
  }
  if (views.length >= mostViews) {
    const text = undone(value)
    if (!seen.has(text)) views.push({ text, traits: traitsOf(text), by: ['all encodings'] })
  }
  return views
}

/** Everything undone in turn until nothing changes: noise in one encoding does not use up the readings of another. */
function undone(value: string): string {
  let text = value
  for (let round = 0; round < 4; round += 1) {
    const before = text
    for (const decode of [decodeUrl, decodeHtml, decodeEscapes, decodeUnicode]) text = decode(text) ?? text
    if (text === before) break
  }
  return text
}

const none: readonly string[] = []
const encodingTraits = trait.percent | trait.backslash | trait.ampersand | trait.beyondAscii | trait.plus

interface Decoder {
  name: string
  applies(view: View): boolean
  decode(text: string): string | undefined
}

const decoders: readonly Decoder[] = [
  { name: 'url', applies: ({ traits }) => (traits & trait.percent) !== 0, decode: decodeUrl },
  { name: 'html', applies: ({ traits }) => (traits & trait.ampersand) !== 0, decode: decodeHtml },
  { name: 'escapes', applies: ({ traits }) => (traits & trait.backslash) !== 0, decode: decodeEscapes },
  { name: 'unicode', applies: ({ traits }) => (traits & trait.beyondAscii) !== 0, decode: decodeUnicode },
  { name: 'utf-7', applies: ({ traits }) => (traits & trait.plus) !== 0, decode: decodeUtf7 },
  {
    name: 'form',
    applies: ({ traits }) => (traits & (trait.plus | trait.space)) === trait.plus,
    decode: (text) => text.replaceAll('+', ' '),
  },
  { name: 'base64', applies: ({ text, by }) => by.length < 2 && mayBeBase64(text), decode: decodeBase64 },
]

/** Percent-encoding as lenient servers undo it: `%u0027` (IIS), overlong UTF-8 such as `%c0%af`, full-width forms; the rest stays. */
function decodeUrl(text: string): string | undefined {
  if (!/%(?:u[0-9a-f]{4}|[0-9a-f]{2})/i.test(text)) return undefined
  const unescaped = text.replaceAll(/%u([0-9a-f]{4})/gi, (_all, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  )
  return unescaped.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => decodeBytes(Buffer.from(run.replaceAll('%', ''), 'hex')))
}

/** UTF-8 with overlong forms read as the character they hide; lone bytes as Latin-1. */
function decodeBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]!
    const length = byte >= 0xf8 ? 5 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    let code = length === 1 ? byte : byte & (0xff >> (length + 1))
    let used = 1
    while (used < length && at + used < bytes.length) {
      const next = bytes[at + used]!
      // `%c0%2f` is no UTF-8 at all, yet decoders that only mask bits read a slash.
      if (next >= 0xc0 || (next < 0x80 && byte > 0xc1)) break
      code = (code << 6) | (next & 0x3f)
      if (next < 0x80) code = next
      used += 1
    }
    const whole = used === length && code > 0 && code <= 0x10_ffff
    text += String.fromCodePoint(whole ? code : byte)
    if (whole) at += length - 1
  }
  return text
}

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  colon: ':',
  sol: '/',
  bsol: '\\',
  lpar: '(',
  rpar: ')',
  tab: '\t',
  newline: '\n',
  equals: '=',
  semi: ';',
  comma: ',',
  period: '.',
  dollar: '$',
  lbrace: '{',
  rbrace: '}',
  lcub: '{',
  rcub: '}',
  grave: '`',
  num: '#',
  excl: '!',
  lsqb: '[',
  rsqb: ']',
  ast: '*',
  plus: '+',
  percnt: '%',
  commat: '@',
  vert: '|',
  verbar: '|',
  lowbar: '_',
  hyphen: '-',
  quest: '?',
}

function decodeHtml(text: string): string | undefined {
  const decoded = text.replaceAll(
    /&(?:#x([0-9a-f]{1,8})|#(\d{1,9})|([a-z]{2,8}));?/gi,
    (all, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? all
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : all
    },
  )
  return decoded === text ? undefined : decoded
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  '/': '/',
  '"': '"',
  "'": "'",
  '0': '\0',
  '.': '.',
}

/** Backslash escapes of JSON, JavaScript, CSS and C. */
function decodeEscapes(text: string): string | undefined {
  const decoded = text.replaceAll(
    /\\(?:u\{([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x([0-9a-f]{2})|([0-3][0-7]{2})|([nrt/"'0.]))/gi,
    (
      all,
      long: string | undefined,
      four: string | undefined,
      two: string | undefined,
      octal: string | undefined,
      short: string | undefined,
    ) => {
      if (short !== undefined) return escapes[short.toLowerCase()] ?? all
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
      const code = Number.parseInt(long ?? four ?? two ?? '', 16)
      return code <= 0x10_ffff ? String.fromCodePoint(code) : all
    },
  )
  return decoded === text ? undefined : decoded
}

/** Compatibility forms (full-width letters and signs), typographic quotes and invisible characters, as databases fold them. */
function decodeUnicode(text: string): string | undefined {
  const folded = text
    .normalize('NFKC')
    .replaceAll(/[\u00AD\u200B-\u200F\u2028-\u202F\u2060-\u2064\uFEFF]/g, '')
    .replaceAll(/[\u2018\u2019\u02BC\u02B9\u2032]/g, "'")
    .replaceAll(/[\u2215\u2044]/g, '/')
    .replaceAll(/[\u2216]/g, '\\')
  return folded === text || /^[^<>'"/\\;|&${}()=]*$/.test(folded) ? undefined : folded
}

function decodeUtf7(text: string): string | undefined {
  if (!/\+[A-Za-z0-9/]{2,}-/.test(text)) return undefined
  const decoded = text.replaceAll(/\+([A-Za-z0-9/]{2,200})-/g, (all, digits: string) => {
    const bytes = Buffer.from(digits, 'base64')
    let out = ''
    for (let at = 0; at + 1 < bytes.length; at += 2) out += String.fromCodePoint(bytes.readUInt16BE(at))
    return /^[\t\n\r -~]+$/.test(out) ? out : all
  })
  return decoded === text ? undefined : decoded
}

/** Long enough, the right alphabet and length, and mixed as encoded text is; an honest word seldom is all of it. */
function mayBeBase64(text: string): boolean {
  return (
    text.length >= 16 &&
    text.length <= 8192 &&
    text.length % 4 !== 1 &&
    /^[A-Za-z0-9+/_-]+={0,2}$/.test(text) &&
    /[A-Z]/.test(text) &&
    /[a-z]/.test(text)
  )
}

function decodeBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length < 8 || !isUtf8(bytes)) return undefined
  const decoded = bytes.toString('utf8')
  return /^[\t\n\r\u0020-\uFFFF]+$/.test(decoded) && /[<>'"/\\;|&${}()= ]/.test(decoded) ? decoded : undefined
}
