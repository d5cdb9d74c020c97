import { byScore, firstOf, type Context, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** Header and response splitting (CRLF), and requests inside values. Line breaks are normal in bodies, so only header fields that steer a message count there. */
export function detectCrlf(text: string, traits: number, context: Context): Finding | undefined {
  if ((traits & (trait.control | trait.slash | trait.beyondAscii)) === 0) return undefined
  if (context.name && /[\r\n]/.test(text))
    return { class: 'crlf', rule: 'line break in a name', score: 7, start: 0, end: text.length }
  return firstOf('crlf', context.place === 'body' ? inBodies : elsewhere, text)
}

const steering = String.raw`(?:set-cookie2?|location|content-length|content-type|transfer-encoding|host|refresh|x-xss-protection|access-control-\w[\w-]{0,30}|http/\d|content-disposition|content-security-policy|www-authenticate|x-forwarded-\w{1,10}|connection|status|cookie|authorization)`

const inBodies = byScore([
  {
    rule: 'header field after a line break',
    score: 7,
    pattern:
      /[\r\n\u0085\u2028\u560A\u560D][ \t]{0,8}(?:set-cookie2?|transfer-encoding|x-xss-protection|access-control-allow-\w{1,20}|refresh)\s*:\s*\S/i,
  },
  { rule: 'response in a value', score: 8, pattern: /[\r\n][ \t]{0,8}HTTP\/\d(?:\.\d)?\s+\d{3}\b/ },
  {
    rule: 'request in a value',
    score: 7,
    pattern:
      /[\r\n][ \t]{0,8}(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT|TRACE|PROPFIND)\s+(?:\/|https?:\/\/)\S{0,200}\s+HTTP\/\d/i,
  },
])

const elsewhere = byScore([
  ...inBodies,
  {
    rule: 'request in a value',
    score: 6,
    pattern:
      /^\W{0,4}(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT|TRACE)\s+(?:\/|https?:\/\/)\S{0,200}\s+HTTP\/\d/i,
  },
  {
    rule: 'header field after a line break',
    score: 8,
    pattern: new RegExp(String.raw`[\r\n\u0085\u2028\u560A\u560D]\W{0,8}${steering}\s*[:\s/]`, 'i'),
  },
  {
    rule: 'request after a line break',
    score: 7,
    pattern: /[\r\n][ \t]{0,8}(?:GET|POST|PUT|DELETE|HEAD|OPTIONS|PATCH|CONNECT|TRACE)\s+(?:\/|https?:\/\/)/i,
  },
  {
    rule: 'log entry after a line break',
    score: 6,
    pattern:
      /[\r\n]\s{0,8}\[?(?:INFO|WARN(?:ING)?|ERROR|DEBUG|FATAL|CRITICAL|NOTICE)\b\]?[\s:]|[\r\n]\s{0,8}\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d/,
  },
  { rule: 'tag after a line break', score: 6, pattern: /[\r\n]{2}[ \t]{0,8}</ },
  { rule: 'header field after a line break', score: 5, pattern: /[\r\n][ \t]{0,8}[a-z][a-z-]{2,30}:\s?\S/i },
])
