import type { Socket } from 'node:net'
import type { MessageSide } from '../../exchange.ts'
import type { Maybe } from '../../pipeline/facts.ts'
import { type FrameReceiver, type FrameSender, receiveFrames, sendFrames } from './ws-parts.ts'

/** One whole message on its way, fragments put together. */
export interface ChannelMessage {
  /** `request`: from the client. `response`: from the upstream. */
  side: MessageSide
  kind: 'text' | 'binary'
  bytes: Uint8Array
}

/** What becomes of a message: these bytes go on, nothing goes on, or the connection ends with this close code (RFC 6455 §7.4). */
export type Fate =
  | { kind: 'send'; bytes: Uint8Array }
  | { kind: 'drop' }
  | { kind: 'close'; code: number; reason: string }

export interface ChannelOptions {
  client: Socket
  upstream: Socket
  /** Largest message in bytes; a longer one ends the connection with 1009. */
  maxBytes: number
  /** Asked for each message, in order for each side. A promise makes that side wait, with back-pressure. */
  judge(message: ChannelMessage): Maybe<Fate>
  /** A side said that it closes. Code 1005: it gave none. */
  onClose(side: MessageSide, code: number, reason: string): void
  /** A side broke the protocol. */
  onFault(side: MessageSide, message: string): void
}

const policyViolation = 1008
const goingAway = 1001
/** Bytes that may wait in a socket, or behind a message that waits, before the other side is read no further. */
const mostWaiting = 1024 * 1024
/** What a message that waits takes besides its content, about. */
const messageCost = 256

/**
 * Carries WebSocket messages between two sockets after the handshake, one at a time, so that each can be judged, held and
 * recorded. Frames are read strictly (masking, UTF-8, reserved bits, control frames); what breaks the protocol ends both
 * sides. There are no extensions: the handshake offered none.
 */
export class WebSocketChannel {
  readonly #flows: Readonly<Record<MessageSide, Flow>>

  constructor(options: ChannelOptions) {
    const { client, upstream } = options
    this.#flows = {
      request: new Flow('request', client, upstream, options, (code, reason) => this.close(code, reason)),
      response: new Flow('response', upstream, client, options, (code, reason) => this.close(code, reason)),
    }
  }

  /** Sends a message of our own, as if that side had sent it. It is not judged. */
  inject({ side, kind, bytes }: ChannelMessage): void {
    this.#flows[side].send(kind, bytes)
  }

  /** Tells both sides that the connection ends, and ends it. */
  close(code = policyViolation, reason = ''): void {
    // Each flow writes to the socket that the other one reads.
    for (const flow of Object.values(this.#flows)) flow.end(code, reason)
  }
}

/** One direction: frames read from one socket, written to the other. */
class Flow {
  readonly #side: MessageSide
  readonly #source: Socket
  readonly #sink: Socket
  readonly #receiver: FrameReceiver
  readonly #sender: FrameSender
  readonly #options: ChannelOptions
  readonly #closeBoth: (code: number, reason: string) => void
  /** What came while a message was waiting, and how many bytes of messages that is. */
  readonly #queue: (() => Maybe<void>)[] = []
  #queued = 0
  #waiting = false
  /** This side said that it closes. */
  #concluded = false
  #full = false
  #ended = false

  constructor(
    side: MessageSide,
    source: Socket,
    sink: Socket,
    options: ChannelOptions,
    closeBoth: (code: number, reason: string) => void,
  ) {
    this.#side = side
    this.#source = source
    this.#sink = sink
    this.#options = options
    this.#closeBoth = closeBoth
    this.#receiver = receiveFrames(side === 'request', options.maxBytes)
    this.#sender = sendFrames(sink)
    this.#listen()
  }

  get #masked(): boolean {
    return this.#side === 'request'
  }

  send(kind: 'text' | 'binary', bytes: Uint8Array): void {
    if (this.#ended || !this.#sink.writable) return
    this.#sender.send(bytes, { binary: kind === 'binary', fin: true, mask: this.#masked, compress: false })
    this.#regulate()
  }

  /** Says goodbye to the socket it writes to; nothing is carried any more. */
  end(code: number | undefined, reason: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#queue.length = 0
    if (!this.#sink.writable) return
    this.#sayClose(code, Buffer.from(reason))
    this.#sink.end()
    this.#source.resume()
  }

  #listen(): void {
    const { onClose, onFault, judge } = this.#options
    const source = this.#source
    const receiver = this.#receiver
    source.on('data', (chunk: Buffer) => {
      if (!this.#ended && !receiver.writableEnded && !receiver.destroyed && !receiver.write(chunk)) source.pause()
    })
    receiver.on('drain', () => this.#regulate())
    source.on('end', () => {
      // Whoever hangs up without a word does not wait for what is held of theirs.
      if (this.#waiting && !this.#concluded) this.#closeBoth(goingAway, '')
      else this.#inOrder(() => void this.#sink.end())
    })
    receiver.on('message', (data: Buffer, binary: boolean) => {
      this.#queued += data.length + messageCost
      this.#inOrder(() => {
        this.#queued -= data.length + messageCost
        const message: ChannelMessage = { side: this.#side, kind: binary ? 'binary' : 'text', bytes: data }
        const fate = judge(message)
        if (fate instanceof Promise) return fate.then((late) => this.#apply(message, late))
        this.#apply(message, fate)
      })
      this.#regulate()
    })
    // Signs of life pass messages that wait (RFC 6455 §5.4): a held one must not look like a dead connection.
    receiver.on('ping', (data: Buffer) => this.#control(() => this.#sender.ping(data, this.#masked)))
    receiver.on('pong', (data: Buffer) => this.#control(() => this.#sender.pong(data, this.#masked)))
    receiver.on('conclude', (code: number, reason: Buffer) => {
      this.#concluded = true
      this.#inOrder(() => {
        onClose(this.#side, code, reason.toString())
        this.#control(() => this.#sayClose(code === 1005 ? undefined : code, reason))
      })
    })
    receiver.on('error', (error: NodeJS.ErrnoException) => {
      onFault(this.#side, error.message)
      this.#closeBoth(closeCodeOf(error.code), '')
    })
    // Whoever listened before may have paused it.
    source.resume()
  }

  #apply(message: ChannelMessage, fate: Fate): void {
    if (fate.kind === 'close') this.#closeBoth(fate.code, fate.reason)
    else if (fate.kind === 'send') this.send(message.kind, fate.bytes)
  }

  /** Runs what happens on this side one after the other, also when a message has to wait. */
  #inOrder(work: () => Maybe<void>): void {
    this.#queue.push(work)
    if (!this.#waiting) this.#drain()
  }

  #drain(): void {
    for (;;) {
      const work = this.#queue.shift()
      if (!work) break
      const done = work()
      if (!(done instanceof Promise)) continue
      this.#waiting = true
      const goOn = () => {
        this.#waiting = false
        this.#drain()
      }
      done.then(goOn, (error: unknown) => {
        this.#options.onFault(this.#side, error instanceof Error ? error.message : String(error))
        this.#closeBoth(1011, '')
        goOn()
      })
      return
    }
    this.#regulate()
  }

  /** Reads on while little waits and the other side takes what it gets. */
  #regulate(): void {
    if (this.#ended || this.#full) return
    if (this.#waiting && this.#queued > mostWaiting) this.#source.pause()
    else if (this.#sink.writableLength > mostWaiting) {
      this.#full = true
      this.#source.pause()
      this.#sink.once('drain', () => {
        this.#full = false
        this.#regulate()
      })
    } else if (!this.#receiver.writableNeedDrain) this.#source.resume()
  }

  #control(write: () => void): void {
    if (!this.#ended && this.#sink.writable) write()
  }

  #sayClose(code: number | undefined, reason: Uint8Array): void {
    try {
      this.#sender.close(code, reason, this.#masked)
    } catch {
      this.#sender.close(1002, '', this.#masked)
    }
  }
}

function closeCodeOf(code: string | undefined): number {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 1009
  return code === 'WS_ERR_INVALID_UTF8' ? 1007 : 1002
}
