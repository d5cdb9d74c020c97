import type { ListenAddress, Workspace } from '../config/workspace.ts'
import { addressOf } from './connection.ts'
import type { Engine, Surroundings } from './engine.ts'
import { type ForwardProxy, startForwardProxy } from './forward-proxy.ts'
import { ProxyHosts } from './forward-proxy-hosts.ts'
import { staysHere } from './forward-proxy-places.ts'
import type { InboundHandler } from './inbound.ts'
import type { ListenerAddress } from './listener.ts'
import { ensureLocalCa } from './local-ca.ts'
import { ObservedOrigins } from './observed-origins.ts'
import { type OutboundProxy, proxyFor } from './outbound-proxy.ts'
import { openConnection } from './outbound-tunnel.ts'

/** Hosts whose TLS a person asked to leave alone, kept beside the workspace. */
export interface PassThroughMemory {
  readonly patterns: readonly string[]
  keep(patterns: readonly string[]): void
}

/** The forward proxy of a running gateway: opened with it where the workspace says so, or at any time. */
export class ProxyDoor {
  readonly hosts: ProxyHosts
  readonly #engine: () => Engine
  readonly #around: Surroundings
  readonly #handler: InboundHandler
  #open: ForwardProxy | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(engine: () => Engine, around: Surroundings, handler: InboundHandler, memory?: PassThroughMemory) {
    this.#engine = engine
    this.#around = around
    this.#handler = handler
    const configured = () => engine().workspace.listen.proxy?.passThrough ?? []
    this.hosts = new ProxyHosts(configured, memory?.patterns ?? [], (patterns) => memory?.keep(patterns))
  }

  get address(): ListenerAddress | undefined {
    return this.#open?.address
  }

  /** Opens it, in the place of one that is open. Rejects where the address cannot be had, or would make a loop. */
  open(listen: ListenAddress): Promise<ListenerAddress> {
    return this.#inTurn(async () => {
      await this.#close(0)
      const { folder, limits } = this.#engine().workspace
      const { outbound } = this.#around
      if (isOwn(outbound, listen)) {
        throw new Error(
          `HTTP_PROXY of this process names ${listen.host}:${listen.port}, which would be this proxy itself; unset it or listen elsewhere.`,
        )
      }
      const ca = await ensureLocalCa(folder)
      this.#around.observed ??= await observedBy(outbound, () => this.#engine().workspace)
      this.#open = await startForwardProxy({
        listen,
        limits,
        ca,
        hosts: this.hosts,
        handler: this.#handler,
        record: (record) => {
          this.#around.recorder?.record(record)
          if (record.state === 'done') this.#around.onExchange?.(record)
        },
        routed: (authority, scheme) => this.#engine().router.names(authority, scheme),
        revision: () => this.#engine().workspace.revision,
        connect: async (to, client) => {
          const url = new URL(`https://${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`)
          const socket = await openConnection(to, proxyFor(url, outbound))
          if (staysHere(client) || !staysHere(addressOf(socket))) return socket
          socket.destroy()
          throw new Error(`${to.host} is this machine itself`)
        },
      })
      return this.#open.address
    })
  }

  /** Another revision is in force. */
  reloaded(before: Engine): void {
    const { limits, listen } = this.#engine().workspace
    this.#open?.update(limits)
    const trust = (engine: Engine) => engine.workspace.listen.proxy?.trust.join() ?? ''
    if (listen.proxy && trust(before) !== trust(this.#engine())) this.#around.observed?.forget()
  }

  close(graceMs: number): Promise<void> {
    return this.#inTurn(() => this.#close(graceMs))
  }

  async #close(graceMs: number): Promise<void> {
    const open = this.#open
    const { observed } = this.#around
    this.#open = undefined
    await open?.close(graceMs)
    if (this.#around.observed === observed) this.#around.observed = undefined
    await observed?.close()
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(task)
    this.#turn = done.catch(() => undefined)
    return done
  }
}

/** The servers that a forward proxy observes. Trusted are also the CAs of the workspace, and our own: our HTTPS listener shows it. */
export async function observedBy(outbound: OutboundProxy, workspace: () => Workspace): Promise<ObservedOrigins> {
  const ca = await ensureLocalCa(workspace().folder)
  return new ObservedOrigins(outbound, () => [ca.certificate, ...(workspace().listen.proxy?.trust ?? [])])
}

function isOwn({ http, https }: OutboundProxy, { host, port }: ListenAddress): boolean {
  return [http, https].some((text) => {
    const url = text === undefined ? undefined : URL.parse(text)
    if (!url || port === 0 || Number(url.port) !== port) return false
    return url.hostname === host || staysHere(url.hostname.replace(/^\[|\]$/g, ''))
  })
}
