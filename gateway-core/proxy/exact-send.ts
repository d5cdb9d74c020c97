import type { Passage } from './passage.ts'
import type { Target } from './upstream.ts'
import type { UpstreamCall } from './upstream-client/call.ts'

/**
 * A request (as Latin-1) whose lengths are wrong on purpose: header fields as they were written (and as policies changed
 * them), only Host names the upstream. Nothing is stripped and nothing is added.
 */
export function exactText(passage: Passage, target: Target, call: UpstreamCall): string {
  const { headers } = passage.exchange.request
  const lines = [`${call.method} ${call.path} HTTP/1.1`]
  for (const [name, value] of headers.entries()) {
    const host = name.toLowerCase() === 'host' && !passage.route?.preserveHost
    lines.push(`${name}: ${host ? target.host : value}`)
  }
  const head = `${lines.join('\r\n')}\r\n\r\n`
  const { body } = call
  if (body instanceof Uint8Array) return head + latin1(body)
  // Nobody read the body: the capture takes it as it goes by.
  body?.resume()
  return head + latin1(passage.origin?.exact ?? new Uint8Array())
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1')
}
