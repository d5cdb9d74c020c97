import type { Transport } from './frames.ts'
import { TransportEnds } from './transport-ends.ts'

/** The part of a WebSocket that browsers and the package `ws` have in common. */
export interface WebSocketLike {
  readonly readyState: number
  send(text: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void
  addEventListener(type: 'error', listener: () => void): void
}

const isOpen = 1
/** Private use (RFC 6455 §7.4.2). */
export const closeCodes = { normal: 1000, protocol: 4400, unauthorized: 4401 } as const

/** A transport over an open WebSocket, in a page and in the core. */
export function webSocketTransport(socket: WebSocketLike): Transport {
  const ends = new TransportEnds()
  // Frames are text: bytes are not the protocol.
  socket.addEventListener('message', ({ data }) => ends.take(typeof data === 'string' ? data : ''))
  socket.addEventListener('close', ({ reason, code }) => ends.end(reason || `the connection ended (${code})`))
  socket.addEventListener('error', () => undefined)
  return {
    send(text) {
      if (!ends.isOver && socket.readyState === isOpen) socket.send(text)
    },
    onMessage: (listener) => ends.onMessage(listener),
    onClose: (listener) => ends.onClose(listener),
    close(reason = '') {
      if (ends.isOver) return
      // A reason of a close frame has at most 123 bytes.
      socket.close(closeCodes.normal, reason.slice(0, 40))
      ends.end(reason)
    },
  }
}
