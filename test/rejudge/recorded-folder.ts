import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { request as send } from 'undici'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { freePort } from '../cli/cli.ts'
import { loaded, testUpstream, workspaceFolder } from '../gateway-fixture.ts'

/** A workspace whose own capture holds what a few clients did. */
export interface RecordedFolder {
  folder: string
  yaml: string
  write(path: string, text: string): void
  env: Readonly<Record<string, string>>
  /** Token of a reader, as it was sent. */
  token: string
  /** Where key sets are: `/right` verifies it, `/wrong` does not. */
  keySets: string
  keySetRequests(): number
  close(): Promise<void>
}

export const limits = `fair-use:
  - rate-limiting: { limit: 6, window: 1h, by: ip, algorithm: fixed-window }
`

/** Six requests of a reader, one of nobody, one that a role forbids, two with a query. */
export async function recordedFolder(): Promise<RecordedFolder> {
  const [right, wrong] = [await generateKeyPair('ES256'), await generateKeyPair('ES256')]
  const keys = { right: await exportJWK(right.publicKey), wrong: await exportJWK(wrong.publicKey) }
  const token = await new SignJWT({ sub: 'rita', roles: ['reader'] })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt' })
    .setIssuer('https://id.example')
    .setAudience('shop')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(right.privateKey)
  let keySetRequests = 0
  const keySets = await testUpstream((req, res) => {
    keySetRequests++
    res.setHeader('content-type', 'application/json')
    res.end(
      JSON.stringify({ keys: [{ ...(req.url === '/right' ? keys.right : keys.wrong), alg: 'ES256', use: 'sig' }] }),
    )
  })
  const upstream = await testUpstream()
  const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:${await freePort()}" }
upstreams: { up: ${upstream.url} }
policies:
  - real-ip: { trusted: [127.0.0.0/8] }
  - ip-restriction: { deny: [10.9.0.0/16] }
apis:
  - name: shop
    upstream: up
    policies:
      - use: fair-use
    routes:
      - path: /books
        policies:
          - request-transformer: { headers: { set: { X-Shop: one } } }
      - path: /notes
        methods: [GET, POST]
`
  const env = {}
  const place = workspaceFolder({ 'gatehouse.yaml': yaml, 'policies/limits.yaml': limits })
  const opened = await openGateway({
    workspace: await loaded(place.folder, env),
    env,
    capture: true,
    onTrouble: () => undefined,
  })
  const { url } = opened.gateway.addresses.http!
  const ask = async (path: string, address: string, more: Record<string, string> = {}, body?: string) => {
    const answer = await send(url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'X-Forwarded-For': address, ...more },
      body: body ?? null,
    })
    await answer.body.dump()
  }
  const bearer = { Authorization: `Bearer ${token}` }
  for (let at = 0; at < 6; at++) await ask(`/books?page=${at}`, '10.1.0.1', bearer)
  await ask('/books', '10.1.0.1', bearer)
  await ask('/books?q=long-words-here&lang=en', '10.2.0.2', { ...bearer, 'User-Agent': 'shop-app/3', 'X-Debug': 'yes' })
  await ask('/notes', '10.3.0.3', { 'Content-Type': 'application/json' }, '{"text":"hello","stars":5,"tags":["a","b"]}')
  await ask('/books', '10.9.0.9')
  await ask('/nowhere', '10.3.0.3')
  await opened.flush()
  await opened.close(100)
  return {
    folder: place.folder,
    yaml,
    write: place.write,
    env,
    token,
    keySets: keySets.url,
    keySetRequests: () => keySetRequests,
    close: async () => {
      await keySets.close()
      await upstream.close()
      place.remove()
    },
  }
}
