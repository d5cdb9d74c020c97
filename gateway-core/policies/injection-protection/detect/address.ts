import { byScore, firstOf, type Context, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** Addresses written to be read two ways (open redirect, SSRF). A plain `https://host/path` is never one; where to it may lead is for `ssrf-protection`. */
export function detectRedirect(text: string, traits: number, context: Context): Finding | undefined {
  if ((traits & (trait.slash | trait.colon | trait.beyondAscii)) === 0 || context.name) return undefined
  return firstOf('redirect', context.place === 'body' ? tricks : inQueries, text)
}

const tricks = byScore([
  {
    rule: 'host as a number',
    score: 7,
    pattern:
      /^\W{0,3}(?:[a-z][a-z\d+.-]{1,12}:)?\/{0,4}(?:[^/?#\s]{0,120}@)?(?:0x[0-9a-f]{2,8}(?:\.(?:0x[0-9a-f]{1,6}|\d{1,8})){0,3}|0\d{2,11}(?:\.\d{1,10}){1,3}|\d{8,10}|\d{1,3}\.\d{4,8}|\d{1,3}\.\d{1,3}\.\d{4,6}|(?:[4-9]\d\d|3\d\d|2[6-9]\d)(?:\.\d{1,4}){3}|\[::(?:ffff:)?[\da-f.:]{1,40}\])(?:[:/?#]|$)/i,
  },
  {
    rule: 'host behind another host',
    score: 7,
    pattern: /^\W{0,6}(?:https?:[\\/]{0,6}|[\\/]{1,6})[^/?#@\s:]{1,80}\.[a-z]{2,8}(?::\d{1,5})?[^/\s@]{0,20}@[\w[.]/i,
  },
  { rule: 'host behind another host', score: 7, pattern: /^\W{0,6}https?:\/\/[^/?#@\s]{0,60}[?#\\][^/@\s]{0,60}@/i },
  { rule: 'scheme without its slashes', score: 6, pattern: /^[\s/\\]{0,6}https?:(?!\/\/)[\\/]?[\w[%<.]/i },
  {
    rule: 'backslash in an address',
    score: 7,
    pattern:
      /^[\s/\\]{0,6}(?:https?:)?\/[\\/]{0,3}\\[\\/\w.]|^https?:\/\/[^/?#\s]{0,60}\\|^https?:\\(?!\/)|^\\\/{1,4}\w|^\/\\|^[\\/]{1,3}\t/i,
  },
  {
    rule: 'host in disguise',
    score: 7,
    pattern:
      /^\W{0,3}https?:\/\/(?:[^/?#\s]{0,80}[\u2460-\u24FF\u3002\uFF0E\uFF10-\uFF19\uFF61]|(?:127(?:\.\d{1,3}){1,2}|0)(?:[:/?#]|$)|[\t\v\f])|^[\s/\\]{0,4}[\u2044\u2215\u29F8\u29F9\u3033-\u3035\u309D\u30FD\uFF0F\uFF3C]{1,4}[a-z\d-]{1,60}\.[a-z]{2,}/i,
  },
  { rule: 'script address behind slashes', score: 8, pattern: /^[\s/\\]{1,8}(?:java|vb)script:/i },
  {
    rule: 'scheme of a local service',
    score: 7,
    pattern:
      /^\W{0,3}(?:gopher|dict|ldaps?|tftp|netdoc|jar|file|php|phar|expect|rmi|sftp|smb|imaps?|pop3s?|smtps?|telnet|local_file|view-source):(?:(?:\/{1,2}|[\\%])\S|https?:)/i,
  },
])

const inQueries = byScore([
  ...tricks,
  {
    rule: 'address without a scheme',
    score: 6,
    pattern:
      /^[\\/]{3,8}[\w[%]|^\/{2,6}[^/\s]{0,80}[@%\t]|^[\\/]{2,6}[^/\s]{1,80}\/{1,3}(?:\.\.|%2e|$)|^\/\t|^[\\/]{2}[\w-]{1,60}\.(?:com|net|org|io|tld|co|ru|cn|info|xyz|dev|test|example)\b/i,
  },
  { rule: 'address behind a slash', score: 6, pattern: /^[\\/.]{1,6}(?:https?|ftp):/i },
  { rule: 'scheme alone', score: 5, pattern: /^(?:https?|ftps?|file)(?::\/\/[\w.]{1,60})?\?$/i },
  { rule: 'data address', score: 6, pattern: /^data:[\w/+.-]{0,60}[,;]|^data:text\/plain/i },
  {
    rule: 'parameter that redirects',
    score: 6,
    pattern:
      /[?&](?:url|next|redirect\w{0,5}|redir|rurl|redirect_uri|return\w{0,4}|dest|target|go|continue|checkout_url|image_url|view|to|out|cgi-bin\/redirect)=(?:https?:)?(?:\/\\?|\\\/|%2f){1,4}[\w.%\\]/i,
  },
])
