import type { Transport } from './frames.ts'

/** A DOM MessagePort, as renderers have it. */
interface DomPort {
  postMessage(message: unknown): void
  addEventListener(type: 'message' | 'messageerror' | 'close', listener: (event: { data?: unknown }) => void): void
  start?(): void
  close(): void
}

/** Electron's MessagePortMain (events carry `data`) and Node's MessagePort (events are the data). */
interface EmitterPort {
  postMessage(message: unknown): void
  on(type: 'message', listener: (message: unknown) => void): unknown
  on(type: 'close', listener: () => void): unknown
  start?(): void
  close(): void
}

export type PortLike = DomPort | EmitterPort

/** Older ports do not tell that the other end is gone, so the one that leaves says so. */
const farewell = { farewell: '' }

/** A transport over a message port of any of the three makes. */
export function messagePortTransport(port: PortLike): Transport {
  const early: string[] = []
  let listener: ((text: string) => void) | undefined
  const closeListeners = new Set<(reason: string) => void>()
  let ended: string | undefined

  const end = (reason: string) => {
    if (ended !== undefined) return
    ended = reason
    try {
      port.close()
    } catch {
      // Its process is gone already.
    }
    for (const one of closeListeners) one(reason)
  }
  const take = (message: unknown) => {
    if (ended !== undefined) return
    if (typeof message === 'string') {
      if (listener) listener(message)
      else early.push(message)
    } else if (isFarewell(message)) end(message.farewell || 'the other side left')
  }
  if ('on' in port) {
    port.on('message', (message) => take(isEvent(message) ? message.data : message))
    port.on('close', () => end('the other side is gone'))
  } else {
    port.addEventListener('message', (event) => take(event.data))
    port.addEventListener('close', () => end('the other side is gone'))
  }
  port.start?.()
  return {
    send(text) {
      if (ended === undefined) port.postMessage(text)
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
      try {
        port.postMessage({ ...farewell, farewell: reason })
      } catch {
        // It cannot hear us any more.
      }
      end(reason)
    },
  }
}

function isEvent(message: unknown): message is { data: unknown } {
  return typeof message === 'object' && message !== null && 'data' in message
}

function isFarewell(message: unknown): message is { farewell: string } {
  return typeof message === 'object' && message !== null && typeof (message as typeof farewell).farewell === 'string'
}
