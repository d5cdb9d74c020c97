import ipaddr from 'ipaddr.js'
import type { Exchange } from '../exchange.ts'
import { deny, pass, type Outcome } from '../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../pipeline/policy.ts'

type Network = { text: string; range: [ipaddr.IPv4 | ipaddr.IPv6, number] }
interface Networks {
  allow: readonly Network[]
  deny: readonly Network[]
}

/** Allows or denies by client address (what `real-ip` found, else the peer). A denied network wins over an allowed one. */
export const ipRestriction = definePolicy({
  type: 'ip-restriction',
  docs: {
    summary: 'Allows or denies requests by the network the client address is in.',
    owasp: ['API8:2023'],
    example: `- ip-restriction:
    allow: [10.0.0.0/8, 127.0.0.0/8, "::1"]
    deny: [10.6.6.0/24]`,
  },
  config: {
    type: 'object',
    additionalProperties: false,
    minProperties: 1,
    properties: {
      allow: {
        type: 'array',
        items: { type: 'string' },
        default: [],
        description: 'Addresses and networks (CIDR) that may call. Empty: everyone who is not denied.',
      },
      deny: {
        type: 'array',
        items: { type: 'string' },
        default: [],
        description: 'Addresses and networks (CIDR) that may not call; wins over `allow`.',
      },
    },
  },
  prepare: (config, setup): Networks => ({
    allow: parseNetworks(config.allow, 'allow', setup),
    deny: parseNetworks(config.deny, 'deny', setup),
  }),
  phases: { requestHeaders: judge },
})

function judge(networks: Networks, exchange: Exchange): Outcome {
  const observed = exchange.clientAddress
  if (!ipaddr.isValid(observed)) {
    const evidence = [{ at: { in: 'client' }, observed, expected: 'a valid client address' }] as const
    return deny('IP_NOT_ALLOWED', evidence)
  }
  const address = ipaddr.process(observed)
  const denied = find(networks.deny, address)
  if (denied) {
    return deny('IP_DENIED', [{ at: { in: 'client' }, observed, expected: `an address outside ${denied.text}` }])
  }
  if (networks.allow.length === 0) return pass
  const allowed = find(networks.allow, address)
  if (allowed) {
    const evidence = [{ at: { in: 'client' }, observed, expected: `an address in ${allowed.text}` }] as const
    return { verdict: 'pass', evidence }
  }
  const expected = `an address in ${networks.allow.map((network) => network.text).join(', ')}`
  return deny('IP_NOT_ALLOWED', [{ at: { in: 'client' }, observed, expected }])
}

function find(networks: readonly Network[], address: ipaddr.IPv4 | ipaddr.IPv6): Network | undefined {
  return networks.find(({ range }) => range[0].kind() === address.kind() && address.match(range))
}

function parseNetworks(texts: readonly string[], key: string, setup: Setup): Network[] {
  return texts.flatMap((text, at) => {
    try {
      const range: Network['range'] = text.includes('/')
        ? ipaddr.parseCIDR(text)
        : [ipaddr.parse(text), ipaddr.parse(text).kind() === 'ipv4' ? 32 : 128]
      return [{ text, range }]
    } catch {
      setup.problem(
        `/${key}/${at}`,
        'BAD_ADDRESS',
        `"${text}" is not an address or network`,
        'write it like 10.0.0.0/8 or ::1',
      )
      return []
    }
  })
}
