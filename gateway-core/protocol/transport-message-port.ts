import type { Transport } from './frames.ts'
import { TransportEnds } from './transport-ends.ts'

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
  const ends = new TransportEnds()
  const end = (reason: string) =>
    ends.end(reason, () => {
      try {
        port.close()
      } catch {
        // Its process is gone already.
      }
    })
  const take = (message: unknown) => {
    if (ends.isOver) return
    if (typeof message === 'string') ends.take(message)
    else if (isFarewell(message)) end(message.farewell || 'the other side left')
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
      if (!ends.isOver) port.postMessage(text)
    },
    onMessage: (listener) => ends.onMessage(listener),
    onClose: (listener) => ends.onClose(listener),
    close(reason = '') {
      if (ends.isOver) return
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
