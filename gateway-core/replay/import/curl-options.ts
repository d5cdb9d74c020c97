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
  globoff: { does: 'globoff' },
  'input-base64': { does: 'input', value: true },
  'url-query': { does: 'query', value: true },
}

/** They say what curl prints, keeps and tries: nothing of the request. */
const silent = words(`silent show-error verbose include fail fail-with-body fail-early progress-bar no-progress-meter
  no-buffer path-as-is remote-name remote-name-all remote-header-name remote-time raw basic disable keepalive
  no-keepalive tcp-nodelay create-dirs no-clobber remove-on-error parallel parallel-immediate styled-output trace-time
  trace-ids junk-session-cookies suppress-connect-headers xattr ipv4 ipv6 no-sessionid no-alpn no-npn tcp-fastopen ssl
  ssl-no-revoke ssl-revoke-best-effort ssl-allow-beast ssl-auto-client-cert ssl-reqd tlsv1 tlsv1.0 tlsv1.1 tlsv1.2
  tlsv1.3 sslv2 sslv3 false-start cert-status form-escape use-ascii http0.9 disallow-username-in-url metalink
  retry-all-errors retry-connrefused no-hsts`)
const silentWithValue = words(`output output-dir write-out dump-header trace trace-ascii trace-config stderr
  connect-timeout expect100-timeout happy-eyeballs-timeout-ms keepalive-time keepalive-cnt cookie-jar create-file-mode
  libcurl max-filesize parallel-max proto proto-default proto-redir rate retry retry-delay retry-max-time speed-limit
  speed-time tls-max tls13-ciphers ciphers curves limit-rate hsts alt-svc etag-save`)

/** What curl does and a request of ours has no place for: authorizations in several turns, proxies, certificates. */
const foreign = words(`digest ntlm ntlm-wb negotiate anyauth netrc netrc-optional proxytunnel proxy-anyauth proxy-basic
  proxy-digest proxy-insecure proxy-negotiate proxy-ntlm haproxy-protocol http3 http3-only tr-encoding post301 post302
  post303 crlf append ignore-content-length`)
/** Their values have to be skipped. */
const foreignWithValue = words(`proxy proxy1.0 preproxy proxy-user proxy-header proxy-cert proxy-cert-type proxy-key
  proxy-key-type proxy-pass proxy-cacert proxy-capath proxy-crlfile proxy-ciphers proxy-tls13-ciphers proxy-pinnedpubkey
  proxy-service-name cert key cacert capath crlfile resolve connect-to interface config netrc-file cert-type key-type pass
  unix-socket abstract-unix-socket aws-sigv4 socks4 socks4a socks5 socks5-hostname noproxy doh-url dns-servers
  dns-interface dns-ipv4-addr dns-ipv6-addr local-port request-target time-cond pinnedpubkey variable expand-data
  expand-url expand-header continue-at etag-compare engine delegation service-name tlsuser tlspassword tlsauthtype
  random-file egd-file login-options sasl-authzid`)

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(/\s+/))
}

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
  1: 'tlsv1',
  2: 'sslv2',
  3: 'sslv3',
  4: 'ipv4',
  6: 'ipv6',
  B: 'use-ascii',
  C: 'continue-at',
  J: 'remote-header-name',
  R: 'remote-time',
  Y: 'speed-limit',
  Z: 'parallel',
  a: 'append',
  l: 'disable',
  n: 'netrc',
  p: 'proxytunnel',
  y: 'speed-time',
  z: 'time-cond',
}

/** The option of a long name; `foreign` ones are known to curl and not to us. Undefined for what nobody knows. */
export function longOption(name: string): CurlOption | undefined {
  if (Object.hasOwn(named, name)) return named[name]
  if (silent.has(name)) return { does: 'nothing' }
  if (silentWithValue.has(name)) return { does: 'nothing', value: true }
  if (foreign.has(name)) return { does: 'foreign' }
  if (foreignWithValue.has(name)) return { does: 'foreign', value: true }
  return undefined
}

/** The long name of an option of one letter. */
export function longName(letter: string): string | undefined {
  return Object.hasOwn(short, letter) ? short[letter] : undefined
}
