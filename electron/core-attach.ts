import type { MessagePortMain } from 'electron'
import { WebSocket } from 'ws'
import type { CoreStatus } from '../gateway-core/protocol/desktop.ts'
import { browserSession, NotAdmitted } from '../gateway-core/protocol/browser-session.ts'
import type { Transport } from '../gateway-core/protocol/frames.ts'
import { messagePortTransport } from '../gateway-core/protocol/transport-message-port.ts'
import { appOrigin } from './app-protocol.ts'
import type { CoreEvents, CoreLink } from './core-link.ts'

/**
 * A core that runs elsewhere: in a container, at the other end of an SSH tunnel. Each port of the window gets a
 * WebSocket of its own, and frames pass unread; credit is counted by the two ends, so nothing queues here. The page
 * itself never speaks to the network.
 */
export class AttachedCore implements CoreLink {
  readonly #connect: () => Promise<Transport>
  readonly #events: CoreEvents
  readonly #transports = new Set<Transport>()
  readonly #url: string
  #status: CoreStatus = { state: 'starting', restarts: 0 }

  constructor(options: { url: string; token: string; events: CoreEvents }) {
    const { url, token, events } = options
    this.#events = events
    this.#url = url
    const kept = new Map<string, string>()
    this.#connect = browserSession({
      url,
      token,
      storage: {
        getItem: (name) => kept.get(name) ?? null,
        setItem: (name, value) => void kept.set(name, value),
        removeItem: (name) => void kept.delete(name),
      },
      socket: (address) => new WebSocket(address, { origin: appOrigin, maxPayload: 64 * 1024 * 1024 }),
    })
    // Like every core, it tells nothing before its window is there.
    queueMicrotask(() => events.workspace(null, new URL(url).host))
  }

  get status(): CoreStatus {
    return this.#status
  }

  connect(port: MessagePortMain): void {
    const near = messagePortTransport(port)
    this.#connect().then(
      (far) => this.#join(near, far),
      (error: Error) => {
        near.close()
        this.#lost(error)
      },
    )
  }

  restart(): void {
    this.#tell({ state: 'running', restarts: this.#status.restarts + 1 })
  }

  stop(): Promise<void> {
    for (const transport of this.#transports) transport.close()
    return Promise.resolve()
  }

  #join(near: Transport, far: Transport): void {
    this.#transports.add(far)
    near.onMessage((text) => far.send(text))
    far.onMessage((text) => near.send(text))
    near.onClose(() => far.close())
    far.onClose((reason) => {
      this.#transports.delete(far)
      near.close()
      this.#tell({ ...this.#status, state: 'restarting', reason: `${this.#url}: ${reason}` })
    })
    this.#tell({ state: 'running', restarts: this.#status.restarts })
  }

  #lost(error: Error): void {
    const state = error instanceof NotAdmitted ? 'failed' : 'restarting'
    const reason =
      error instanceof NotAdmitted
        ? `the core at ${this.#url} does not know this window: its token was used; start it again and attach with the new one`
        : `the core at ${this.#url} cannot be reached`
    this.#tell({ state, reason, restarts: this.#status.restarts })
  }

  #tell(status: CoreStatus): void {
    this.#status = status
    this.#events.status(status)
  }
}
