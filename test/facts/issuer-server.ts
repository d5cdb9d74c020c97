import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestKey } from './token-maker.ts'

/** A real issuer on a free port: metadata and key set, each answer replaceable, every request counted. */
export interface IssuerServer {
  readonly url: string
  readonly jwksUrl: string
  keys: TestKey[]
  cacheControl: string | undefined
  /** Answers in place of the usual documents; returns false to leave the request to them. */
  intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined
  readonly requests: string[]
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startIssuer(keys: TestKey[]): Promise<IssuerServer> {
  let server: Server | undefined
  let port = 0
  const issuer: IssuerServer = {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    get jwksUrl() {
      return `http://127.0.0.1:${port}/jwks`
    },
    keys,
    cacheControl: 'max-age=300',
    intercept: undefined,
    requests: [],
    async stop() {
      if (!server) return
      const closed = new Promise((done) => server!.close(done))
      server.closeAllConnections()
      await closed
      server = undefined
    },
    async start() {
      server = createServer(answer)
      await new Promise<void>((done) => server!.listen(port, '127.0.0.1', done))
      port = (server.address() as AddressInfo).port
    },
  }
  function answer(request: IncomingMessage, response: ServerResponse): void {
    issuer.requests.push(request.url!)
    if (issuer.intercept?.(request, response)) return
    if (issuer.cacheControl !== undefined) response.setHeader('cache-control', issuer.cacheControl)
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') {
      response.end(JSON.stringify({ issuer: issuer.url, jwks_uri: issuer.jwksUrl }))
    } else if (request.url === '/jwks') {
      response.end(JSON.stringify({ keys: issuer.keys.map((key) => key.jwk) }))
    } else {
      response.statusCode = 404
      response.end('{}')
    }
  }
  await issuer.start()
  return issuer
}
