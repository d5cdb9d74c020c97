import type { Workspace } from '../config/workspace.ts'
import type { ReplayTarget } from '../protocol/replay-request.ts'
import type { Recorded, Way } from './answer.ts'
import { destinationOf } from './connect.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'
import { splitUrl, upstreamTarget } from './upstream-target.ts'

export function labelOf({ via, environment }: ReplayTarget): string {
  return environment === undefined ? via : `${via} · ${environment}`
}

/** Where a gateway listens. */
export interface GatewayAddresses {
  http?: string | undefined
  https?: string | undefined
}

/** Through a gateway. HTTP/2 goes to its HTTPS listener, where there is one: only there it is spoken. */
export function gatewayWay(
  target: ReplayTarget,
  { http, https }: GatewayAddresses,
  recorded: (localPort: number, count: number) => Promise<readonly Recorded[]>,
  links: boolean,
  close: () => Promise<void> = async () => undefined,
): Way {
  return {
    target,
    label: labelOf(target),
    route(wire) {
      const { authority, target: path } = splitUrl(wire.url)
      const url = (wire.version === '2' ? (https ?? http) : (http ?? https))!
      const host = named(wire) ? undefined : (authority ?? new URL(url).host)
      return { destination: destinationOf(url, false, true), target: path, ...(host !== undefined && { host }) }
    },
    recorded,
    links,
    close,
  }
}

/** Past the gateway, to where it would forward the request. */
export function upstreamWay(target: ReplayTarget, workspace: Workspace): Way {
  return {
    target,
    label: labelOf(target),
    route(wire, insecure) {
      const { origin, target: path, host } = upstreamTarget(workspace, wire)
      return { destination: destinationOf(origin, insecure), target: path, ...(host !== undefined && { host }) }
    },
    close: async () => undefined,
  }
}

/** To the server that the URL names. */
export function urlWay(target: ReplayTarget): Way {
  return {
    target,
    label: labelOf(target),
    route(wire, insecure) {
      const { origin, authority, target: path } = splitUrl(wire.url)
      if (origin === undefined) {
        throw new ReplayError('the URL names no server', 'write it whole, http://host/path, or send it to the gateway')
      }
      const host = named(wire) ? undefined : authority
      return { destination: destinationOf(origin, insecure), target: path, ...(host !== undefined && { host }) }
    },
    close: async () => undefined,
  }
}

/** Ways by where they lead, each opened when it is first asked for, and all closed together. */
export class Ways {
  readonly #open: (via: ReplayTarget['via']) => Promise<Way>
  readonly #opened = new Map<ReplayTarget['via'], Promise<Way>>()

  constructor(open: (via: ReplayTarget['via']) => Promise<Way>) {
    this.#open = open
  }

  get(via: ReplayTarget['via']): Promise<Way> {
    let way = this.#opened.get(via)
    if (!way) this.#opened.set(via, (way = this.#open(via)))
    return way
  }

  async close(): Promise<void> {
    for (const way of this.#opened.values()) await way.then((one) => one.close()).catch(() => undefined)
  }
}

function named(wire: WireRequest): boolean {
  return wire.fields.some(([name]) => name.toLowerCase() === 'host')
}
