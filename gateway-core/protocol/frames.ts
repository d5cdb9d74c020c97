import type { RpcFailure } from './rpc-error.ts'

/**
 * What crosses a transport, as JSON text, in both directions. Text and not cloned objects, so that both transports
 * carry the same values and a frame has a size that credit can be counted in.
 */
export type ClientFrame =
  | { t: 'call'; id: number; name: string; params: unknown }
  | { t: 'cancel'; id: number }
  /** Characters of frames that were taken in: the sender may send as many more. */
  | { t: 'credit'; amount: number }

export type ServerFrame =
  | { t: 'result'; id: number; result: unknown }
  | { t: 'error'; id: number; error: RpcFailure }
  | { t: 'events'; events: [name: string, data: unknown][] }
  /** Events of the kind `every` did not fit into the queue: what was shown from events has to be asked for again. */
  | { t: 'lost'; events: number }

/** One connection: text out, text in. Order is kept, nothing is lost while it is open. */
export interface Transport {
  send(text: string): void
  /** Set once, before anything arrives: what comes earlier waits. */
  onMessage(listener: (text: string) => void): void
  /** Called once when the connection has ended, however it did. */
  onClose(listener: (reason: string) => void): void
  close(reason?: string): void
}

/** Characters that may be on their way to a screen that has not said yet that it took them in. */
export const creditWindow = 1024 * 1024
/** Most characters of one frame to the core. */
export const frameLimit = 16 * 1024 * 1024
