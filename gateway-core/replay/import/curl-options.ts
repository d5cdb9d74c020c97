/** What a curl option does to the request; `value` where it takes one. */
export type CurlOption = { does: string; value?: true }

const named: Readonly<Record<string, CurlOption>> = {
  request: { does: 'method', value: true },
  header: { does: 'header', value: true },
  data: { does: 'data', value: true },
  'data-ascii': { does: 'data', value: true },
  'data-raw': { does: 'data-raw', value: true },
  'data-binary': { does: 'data-binary', value: true },
  'data-urlencode': { does: 'data-urlencode', value: true },
  json: { does: 'json', value: true },
  form: { does: 'form', value: true },
  'form-string': { does: 'form-string', value: true },
  user: { does: 'user', value: true },
  cookie: { does: 'cookie', value: true },
  'oauth2-bearer': { does: 'bearer', value: true },
  'user-agent': { does: 'user-agent', value: true },
  referer: { does: 'referer', value: true },
  url: { does: 'url', value: true },
  get: { does: 'get' },
  head: { does: 'head' },
  insecure: { does: 'insecure' },
  location: { does: 'redirects' },
  'location-trusted': { does: 'redirects' },
  'max-redirs': { does: 'max-redirects', value: true },
  'max-time': { does: 'timeout', value: true },
  compressed: { does: 'compressed' },
  'upload-file': { does: 'upload', value: true },
  'http1.0': { does: 'http1.0' },
  'http1.1': { does: 'http1.1' },
  http2: { does: 'http2' },
  'http2-prior-knowledge': { does: 'http2' },
  range: { does: 'range', value: true },
}

/** They say what curl prints and keeps: nothing of the request. */
const silent = [
  'silent',
  'show-error',
  'verbose',
  'include',
  'fail',
  'fail-with-body',
  'progress-bar',
  'no-progress-meter',
  'no-buffer',
  'path-as-is',
  'globoff',
  'remote-name',
  'raw',
  'basic',
  'disable',
  'keepalive',
  'no-keepalive',
  'tcp-nodelay',
]
const silentWithValue = [
  'output',
  'write-out',
  'dump-header',
  'trace',
  'trace-ascii',
  'stderr',
  'connect-timeout',
  'cookie-jar',
]

/** Options with a value that a request of ours has no place for: their value has to be skipped. */
const foreignWithValue = [
  'proxy',
  'proxy-user',
  'cert',
  'key',
  'cacert',
  'capath',
  'resolve',
  'connect-to',
  'interface',
  'retry',
  'config',
  'netrc-file',
  'limit-rate',
  'ciphers',
  'cert-type',
  'key-type',
  'pass',
  'unix-socket',
  'aws-sigv4',
  'max-filesize',
  'retry-delay',
  'retry-max-time',
  'socks5',
  'socks5-hostname',
  'noproxy',
  'doh-url',
  'local-port',
  'request-target',
  'url-query',
  'speed-limit',
  'speed-time',
  'time-cond',
  'pinnedpubkey',
  'tls-max',
  'variable',
  'expand-data',
]

const short: Readonly<Record<string, string>> = {
  X: 'request',
  H: 'header',
  d: 'data',
  F: 'form',
  u: 'user',
  b: 'cookie',
  A: 'user-agent',
  e: 'referer',
  G: 'get',
  I: 'head',
  k: 'insecure',
  L: 'location',
  m: 'max-time',
  T: 'upload-file',
  s: 'silent',
  S: 'show-error',
  v: 'verbose',
  i: 'include',
  f: 'fail',
  '#': 'progress-bar',
  N: 'no-buffer',
  g: 'globoff',
  O: 'remote-name',
  o: 'output',
  w: 'write-out',
  D: 'dump-header',
  x: 'proxy',
  U: 'proxy-user',
  E: 'cert',
  K: 'config',
  c: 'cookie-jar',
  q: 'disable',
  r: 'range',
  0: 'http1.0',
}

/** The option of a long name; `foreign` ones are known to curl and not to us. Undefined for what nobody knows. */
export function longOption(name: string): CurlOption | undefined {
  if (Object.hasOwn(named, name)) return named[name]
  if (silent.includes(name)) return { does: 'nothing' }
  if (silentWithValue.includes(name)) return { does: 'nothing', value: true }
  if (foreignWithValue.includes(name)) return { does: 'foreign', value: true }
  return undefined
}

/** The long name of an option of one letter. */
export function longName(letter: string): string | undefined {
  return Object.hasOwn(short, letter) ? short[letter] : undefined
}
