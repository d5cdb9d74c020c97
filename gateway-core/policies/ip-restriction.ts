import type { Exchange } from '../exchange.ts'
import {
  type IpAddress,
  isInNetwork,
  type Network,
  notANetwork,
  parseAddress,
  parseNetwork,
  wideNetwork,
} from '../networks.ts'
import { deny, pass, type Outcome } from '../pipeline/outcome.ts'
import { definePolicy, type Setup } from '../pipeline/policy.ts'

/** A network with the words it was written in. */
interface Named {
  text: string
  network: Network
}

interface Networks {
  allow: readonly Named[]
  deny: readonly Named[]
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
  prepare: (config, setup): Networks => {
    if (config.allow.length + config.deny.length === 0) {
      setup.problem('', 'UNSAFE', 'it restricts nothing', 'name networks under `allow` or `deny`')
    }
    return { allow: named(config.allow, 'allow', setup), deny: named(config.deny, 'deny', setup) }
  },
  phases: { requestHeaders: judge },
  // Who allows only the proxies in front means their addresses; and a list that allows nobody else is noticed.
  judgesBy: ({ deny }) => (deny.length > 0 ? ['address'] : []),
})

function judge(networks: Networks, exchange: Exchange): Outcome {
  const observed = exchange.clientAddress
  const address = parseAddress(observed)
  if (!address) {
    const evidence = [{ at: { in: 'client' }, observed, expected: 'a valid client address' }] as const
    return deny('IP_NOT_ALLOWED', evidence)
  }
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
  const expected = `an address in ${networks.allow.map(({ text }) => text).join(', ')}`
  return deny('IP_NOT_ALLOWED', [{ at: { in: 'client' }, observed, expected }])
}

function find(networks: readonly Named[], address: IpAddress): Named | undefined {
  return networks.find(({ network }) => isInNetwork(address, network))
}

function named(texts: readonly string[], key: string, setup: Setup): Named[] {
  return texts.flatMap((text, at) => {
    const network = parseNetwork(text)
    const wide = wideNetwork(text)
    if (wide) setup.problem(`/${key}/${at}`, 'UNSAFE', ...wide)
    if (network) return [{ text, network }]
    setup.problem(`/${key}/${at}`, 'BAD_ADDRESS', ...notANetwork(text))
    return []
  })
}
