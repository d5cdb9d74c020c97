import { request } from 'node:http'
import type { BreakpointSettings } from '../../gateway-core/intercept/breakpoint.ts'
import type { Held } from '../../gateway-core/intercept/held.ts'
import { Interceptor } from '../../gateway-core/intercept/interceptor.ts'
import { type TestGateway, testGateway, type TestUpstream, testUpstream } from '../gateway-fixture.ts'

export interface HeldGateway extends TestGateway {
  interceptor: Interceptor
  upstream: TestUpstream
  /** Sets a breakpoint. */
  stop(query: string, settings?: Partial<BreakpointSettings>): number
  /** The next messages that are held, once there are so many. */
  held(count?: number): Promise<Held[]>
}

/** A gateway before one upstream, with breakpoints and the rules of `yaml`. */
export async function heldGateway(
  options: { yaml?: string; upstream?: TestUpstream; files?: Record<string, string>; bodyMs?: number } = {},
): Promise<HeldGateway> {
  const upstream = options.upstream ?? (await testUpstream())
  const waiting: (() => void)[] = []
  const interceptor = new Interceptor(
    () => {
      for (const look of waiting.splice(0)) look()
    },
    { messages: true, ...(options.bodyMs !== undefined && { bodyMs: options.bodyMs }) },
  )
  const yaml = `upstreams: { web: ${upstream.url} }\napis: [{ name: web, upstream: web }]\n${options.yaml ?? ''}`
  const gateway = await testGateway(yaml, options.files, {}, interceptor.slot)
  interceptor.takeRules(gateway.gateway.workspace)
  return {
    ...gateway,
    interceptor,
    upstream,
    stop: (query: string, settings: Partial<BreakpointSettings> = {}) =>
      interceptor.addBreakpoint({ query, on: 'request', enabled: true, once: false, limitMs: 60_000, ...settings }).id,
    held: (count = 1) =>
      new Promise<Held[]>((resolve) => {
        const look = () => {
          if (interceptor.held.length >= count) resolve([...interceptor.held])
          else waiting.push(look)
        }
        look()
      }),
    close: async () => {
      interceptor.release('the test is over')
      await gateway.close()
      await upstream.close()
    },
  }
}

export interface Got {
  status: number
  reason: string
  headers: string[]
  body: Buffer
}

/** Sends a request with these very header fields; rejects when the connection ends without an answer. */
export function ask(
  url: string,
  options: { method?: string; path?: string; headers?: string[]; body?: string | Buffer } = {},
): Promise<Got> & { abort(): void } {
  const { method = 'GET', path = '/', headers = [], body } = options
  const { hostname, port, host } = new URL(url)
  const raw = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
    ? headers
    : ['Host', host, ...headers]
  if (body !== undefined && !raw.some((name) => /^(?:content-length|transfer-encoding)$/i.test(name))) {
    raw.push('Content-Length', String(Buffer.byteLength(body)))
  }
  const outgoing = request({ hostname, port, method, path, headers: raw as never, agent: false })
  const answer = new Promise<Got>((resolve, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          reason: response.statusMessage!,
          headers: response.rawHeaders,
          body: Buffer.concat(chunks),
        }),
      )
    })
  })
  outgoing.end(body)
  return Object.assign(answer, { abort: () => outgoing.destroy() })
}

/** Value of a field, or undefined. */
export function field(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name.toLowerCase())
  return at === -1 ? undefined : headers[at + 1]
}
