import type { MessagePortMain } from 'electron'
import type { CoreStatus } from '../gateway-core/protocol/desktop.ts'

/** The core of one window: a process of ours, or one that runs elsewhere. */
export interface CoreLink {
  readonly status: CoreStatus
  /** Gives the core one end of a channel. While there is no core yet, the port waits for it. */
  connect(port: MessagePortMain): void
  /** Starts a core that gave up or hangs again. */
  restart(): void
  /** Ends the core; resolves when it is gone. Open exchanges may finish for a few seconds. */
  stop(): Promise<void>
}

/** What happens to a core, told to its window; never while the core is being made. */
export interface CoreEvents {
  status(status: CoreStatus): void
  /** Another workspace is open in it now. */
  workspace(folder: string | null, name: string | null): void
}
