import type { Readable } from 'node:stream'
import type { UpstreamFailure } from './failure.ts'

/** A request as the upstream gets it. `headers` is flat and complete, `Host` first. */
export interface UpstreamCall {
  method: string
  path: string
  headers: string[]
  body: Uint8Array | Readable | undefined
  timeoutMs: number
  /** The client waits for `100 Continue`: so does the body. */
  expectContinue: boolean
  /** Trailers of a body that streams by travel on. */
  trailers: boolean
}

/** Where the upstream's answer goes. Returning false pauses the upstream until `resume` of `onHead` is called. */
export interface UpstreamSink {
  onHead(status: number, headers: string[], resume: () => void, reason: string): boolean
  onData(chunk: Buffer): boolean
  onEnd(trailers: string[]): void
  onFailure(failure: UpstreamFailure): void
  /** The upstream asked for the body (`100 Continue`). */
  onContinue?(): void
}

/** Ends a call that nobody waits for any more. */
export type Abort = () => void
