import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Issuer } from '../identity.ts'
import { freePort, startServer } from '../processes.ts'
import { nginxUpstream, startNginx } from './nginx.ts'
import { haproxyConfig } from './plain.ts'
import type { System } from './system.ts'

/** Scenario 2, an RS256 token (signature, algorithm, issuer, audience, expiry) and a limit for each client: what the others do. */
export const tokenPeers: System[] = [
  {
    name: 'haproxy',
    async start({ folder, upstreamPort, issuer, limit }) {
      const port = await freePort()
      mkdirSync(folder, { recursive: true })
      const config = join(folder, 'haproxy.cfg')
      writeFileSync(config, haproxyConfig(port, upstreamPort, haproxyRules(issuer, limit), haproxyLimiter))
      return startServer('haproxy', ['-f', config], port)
    },
  },
  {
    name: 'nginx + njs',
    async start({ folder, upstreamPort, issuer, limit }) {
      const port = await freePort()
      mkdirSync(folder, { recursive: true })
      writeFileSync(join(folder, 'jwt.js'), njsProgram(issuer))
      const http = `js_path ${folder};
  js_import jwt from jwt.js;
  limit_req_zone $http_authorization zone=client:10m rate=${limit}r/m;
  limit_req_status 429;
  ${nginxUpstream(upstreamPort)}
  server {
    listen 127.0.0.1:${port};
    location / {
      limit_req zone=client burst=${limit} nodelay;
      auth_request /_jwt;
      proxy_pass http://origin;
    }
    location = /_jwt { internal; js_content jwt.check; }
  }`
      const modules = 'load_module /usr/lib/nginx/modules/ngx_http_js_module.so;'
      return startNginx(folder, 'nginx', port, http, modules)
    },
  },
]

const haproxyRules = (issuer: Issuer, limit: number) =>
  [
    'set-var(txn.token) http_auth_bearer',
    "set-var(txn.alg) var(txn.token),jwt_header_query('$.alg')",
    "set-var(txn.iss) var(txn.token),jwt_payload_query('$.iss')",
    "set-var(txn.aud) var(txn.token),jwt_payload_query('$.aud')",
    "set-var(txn.sub) var(txn.token),jwt_payload_query('$.sub')",
    "set-var(txn.exp) var(txn.token),jwt_payload_query('$.exp','int')",
    'set-var(txn.now) date()',
    'deny deny_status 401 unless { var(txn.alg) -m str RS256 }',
    `deny deny_status 401 unless { var(txn.token),jwt_verify(txn.alg,"${issuer.publicPemFile}") -m int 1 }`,
    `deny deny_status 401 unless { var(txn.iss) -m str ${issuer.url} }`,
    `deny deny_status 401 unless { var(txn.aud) -m str ${issuer.audience} }`,
    'deny deny_status 401 unless { var(txn.exp),sub(txn.now) -m int gt 0 }',
    'track-sc0 var(txn.sub) table limiter',
    `deny deny_status 429 if { sc_http_req_rate(0,limiter) gt ${limit} }`,
  ]
    .map((rule) => `http-request ${rule}`)
    .join('\n  ')

const haproxyLimiter = `backend limiter
  stick-table type string len 64 size 100k expire 2m store http_req_rate(1m)
`

/** njs of Debian 12 (0.7.9) has no JWK import, so the key is written into the program as SPKI. */
const njsProgram = (issuer: Issuer) => `const spki = '${issuer.publicPem.replace(/-----[^-]+-----|\s/g, '')}'
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
async function check(r) {
  try {
    const found = /^Bearer ([^.]+)\\.([^.]+)\\.([^.]+)$/.exec(r.headersIn.Authorization || '')
    if (!found) return r.return(401)
    const header = JSON.parse(Buffer.from(found[1], 'base64url').toString())
    if (header.alg !== 'RS256') return r.return(401)
    const key = await crypto.subtle.importKey('spki', Buffer.from(spki, 'base64'), algorithm, false, ['verify'])
    const signed = Buffer.from(found[1] + '.' + found[2])
    const good = await crypto.subtle.verify(algorithm, key, Buffer.from(found[3], 'base64url'), signed)
    if (!good) return r.return(401)
    const claims = JSON.parse(Buffer.from(found[2], 'base64url').toString())
    if (claims.iss !== '${issuer.url}' || claims.aud !== '${issuer.audience}') return r.return(401)
    if (!(claims.exp > Date.now() / 1000)) return r.return(401)
    r.return(204)
  } catch (e) {
    r.return(401)
  }
}
export default { check }
`
