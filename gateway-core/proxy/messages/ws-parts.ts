import type { Duplex, Writable } from 'node:stream'
import * as ws from 'ws'

/**
 * The parts of `ws` that read and write frames (RFC 6455): its types leave them out. A receiver is a stream of bytes in
 * that emits `message` (data, binary), `ping`, `pong` (data), `conclude` (code, reason; 1005: none was given), `error`.
 */
export interface FrameReceiver extends Writable {
  on(event: string, listener: (...values: never[]) => void): this
}

export interface FrameSender {
  send(data: Uint8Array, options: { binary: boolean; fin: true; mask: boolean; compress: false }): void
  ping(data: Uint8Array, mask: boolean): void
  pong(data: Uint8Array, mask: boolean): void
  /** Throws where the code must not be sent. */
  close(code: number | undefined, reason: Uint8Array | string, mask: boolean): void
}

const parts = ws as unknown as {
  Receiver: new (options: {
    isServer: boolean
    maxPayload: number
    binaryType: 'nodebuffer'
    extensions: Record<string, never>
  }) => FrameReceiver
  Sender: new (socket: Duplex, extensions: Record<string, never>) => FrameSender
}

/** Reads frames of a client (`isServer`: they must be masked) or of a server (they must not). `maxBytes` for one message. */
export function receiveFrames(isServer: boolean, maxBytes: number): FrameReceiver {
  return new parts.Receiver({ isServer, maxPayload: maxBytes, binaryType: 'nodebuffer', extensions: {} })
}

export function sendFrames(socket: Duplex): FrameSender {
  return new parts.Sender(socket, {})
}
