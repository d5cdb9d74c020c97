import type { Transport } from './frames.ts'

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
  const early: string[] = []
  let listener: ((text: string) => void) | undefined
  const closeListeners = new Set<(reason: string) => void>()
  let ended: string | undefined

  const end = (reason: string) => {
    if (ended !== undefined) return
    ended = reason
    for (const one of closeListeners) one(reason)
  }
  socket.addEventListener('message', ({ data }) => {
    if (ended !== undefined) return
    // Frames are text: bytes are not the protocol.
    const text = typeof data === 'string' ? data : ''
    if (listener) listener(text)
    else early.push(text)
  })
  socket.addEventListener('close', ({ reason, code }) => end(reason || `the connection ended (${code})`))
  socket.addEventListener('error', () => undefined)
  return {
    send(text) {
      if (ended === undefined && socket.readyState === isOpen) socket.send(text)
    },
    onMessage(one) {
      listener = one
      for (const text of early.splice(0)) one(text)
    },
    onClose(one) {
      if (ended !== undefined) one(ended)
      else closeListeners.add(one)
    },
    close(reason = '') {
      if (ended !== undefined) return
      // A reason of a close frame has at most 123 bytes.
      socket.close(closeCodes.normal, reason.slice(0, 40))
      end(reason)
    },
  }
}
