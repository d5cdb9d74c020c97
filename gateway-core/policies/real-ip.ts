import type { Evidence, Exchange } from '../exchange.ts'
import { type Outcome, pass } from '../pipeline/outcome.ts'
import {
  type IpAddress,
  isInNetwork,
  type Network,
  notANetwork,
  parseAddress,
  parseNetwork,
  wideNetwork,
} from '../networks.ts'
import { definePolicy } from '../pipeline/policy.ts'
import { forwardedFor } from './forwarded-field.ts'

interface Proxies {
  readonly trusted: readonly Network[]
  readonly header: 'x-forwarded-for' | 'forwarded' | 'x-real-ip'
}

/** More hops than any honest chain has. */
const maxHops = 64

/** Learns the address of the client from what trusted proxies say; nobody else is believed. */
export const realIp = definePolicy({
  type: 'real-ip',
  docs: {
    summary: 'Learns the client’s address from the forwarding header of trusted proxies.',
    owasp: ['API8:2023'],
    example: `- real-ip:
    trusted: [10.0.0.0/8, "::1"]
    header: X-Forwarded-For`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    required: ['trusted'],
    properties: {
      trusted: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'Addresses and networks (CIDR) of the proxies in front of this gateway. Only they are believed.',
      },
      header: {
        enum: ['X-Forwarded-For', 'Forwarded', 'X-Real-IP'],
        default: 'X-Forwarded-For',
        description:
          'The header in which the proxies say whom they speak for. It is read from the right: the first address that is not a trusted proxy is the client.',
      },
    },
  },
  prepare: (config, setup): Proxies => ({
    trusted: config.trusted.flatMap((text, at) => {
      const network = parseNetwork(text)
      const wide = wideNetwork(text)
      if (wide) setup.problem(`/trusted/${at}`, 'UNSAFE', ...wide)
      if (network) return [network]
      setup.problem(`/trusted/${at}`, 'BAD_ADDRESS', ...notANetwork(text))
      return []
    }),
    header: config.header.toLowerCase() as Proxies['header'],
  }),
  phases: { requestHeaders: learn },
})

function learn({ trusted, header }: Proxies, exchange: Exchange): Outcome {
  const fields = exchange.request.headers.all(header)
  if (fields.length === 0) return pass
  const peer = parseAddress(exchange.peer.address)
  const at = { in: 'header', name: header } as const
  if (!peer || !isTrusted(trusted, peer)) {
    const observed = `sent by ${exchange.peer.address}`
    return { verdict: 'pass', evidence: [{ at, observed, expected: 'a trusted proxy, so it was not believed' }] }
  }
  const hops = hopsOf(header, fields)
  let client = exchange.peer.address
  const oldest = Math.max(0, hops.length - maxHops)
  for (let hop = hops.length - 1; hop >= oldest; hop--) {
    const address = writtenAddress(withoutPort(hops[hop]!.trim()))
    if (!address) return learned(client, malformed(at, hops[hop]!, hops.length - hop))
    client = address.toString()
    if (!isTrusted(trusted, address)) break
  }
  return learned(client, { at, observed: client, detail: { hops: hops.length } })
}

function hopsOf(header: Proxies['header'], fields: readonly string[]): readonly string[] {
  if (header === 'forwarded') return forwardedFor(fields)
  // X-Real-IP is one address; a list is as good as malformed.
  return header === 'x-real-ip' ? [fields.join(', ')] : fields.flatMap((field) => field.split(','))
}

function learned(clientAddress: string, evidence: Evidence): Outcome {
  return { verdict: 'pass', learned: { clientAddress }, evidence: [evidence] }
}

function malformed(at: Evidence['at'], hop: string, fromRight: number): Evidence {
  const observed = JSON.stringify(hop.trim().slice(0, 60))
  const expected = `an address as entry ${fromRight} from the right; what stands before it was not believed`
  return { at, observed, expected }
}

function isTrusted(trusted: Proxies['trusted'], address: IpAddress): boolean {
  return trusted.some((network) => isInNetwork(address, network))
}

/** What a proxy writes into a header has no zone: that of another machine says nothing here. */
function writtenAddress(text: string): IpAddress | undefined {
  return text.includes('%') ? undefined : parseAddress(text)
}

/**
 * `192.0.2.1:8080`, `[2001:db8::1]:8080` and `[2001:db8::1]` name an address too; a port may be hidden behind a name, as in
 * `192.0.2.1:_p7` (RFC 7239 §6.3).
 */
function withoutPort(text: string): string {
  const [, bracketed, plain] = withPort.exec(text) ?? []
  return bracketed ?? plain ?? text
}

const withPort = /^(?:\[([^\]]+)\](?::(?:\d{1,5}|_[\w.-]+))?|([0-9.]+):(?:\d{1,5}|_[\w.-]+))$/
