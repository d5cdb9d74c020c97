import type { Socket } from 'node:net'
import type { ClientHttp2Stream } from 'node:http2'
import { connect, type Connected, type Destination, since } from './connect.ts'
import { fieldsForHttp2, openSession, readStream } from './send-http2.ts'
import { bytesOfRequest, readResponse, type WireResponse } from './send-http1.ts'
import { ReplayError } from './replay-error.ts'
import type { WireRequest } from './resolve.ts'
import { HeldSocket } from './held-socket.ts'

/** One copy that takes part: what is sent where. All have to go to one place. */
export interface Racer {
  destination: Destination
  target: string
  wire: WireRequest
}

export interface Raced {
  response?: WireResponse
  problem?: string
  /** Microseconds from the moment of release to the head of the response. */
  headAt?: number
  localPort: number
}

export interface RaceResult {
  technique: 'single-packet' | 'last-byte'
  /** Microseconds between the first and the last of the final writes. */
  sentSpread: number
  copies: Raced[]
}

export interface RaceHow {
  timeoutMs: number
  /** Hold back requests as a whole, for what decides at the head of a request already, as gateways do. */
  whole?: boolean
}

/**
 * Sends all so that they become complete at nearly the same moment. Over HTTP/2 they share a connection, and what is
 * missing of each goes out in one write, which is one packet while it is small. Over HTTP/1.1 each has a connection, on
 * which everything but the last byte was sent before.
 */
export async function race(racers: readonly Racer[], how: RaceHow, signal: AbortSignal): Promise<RaceResult> {
  const { timeoutMs, whole = false } = how
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new ReplayError(`no response within ${timeoutMs} ms`)), timeoutMs)
  const either = AbortSignal.any([signal, late.signal])
  try {
    return racers[0]!.wire.version === '2'
      ? await raceHttp2(racers, whole, either)
      : await raceHttp1(racers, whole, either)
  } finally {
    clearTimeout(timer)
  }
}

async function raceHttp1(racers: readonly Racer[], whole: boolean, signal: AbortSignal): Promise<RaceResult> {
  const start = performance.now()
  const opened: { socket: Socket; last: Buffer; racer: Racer }[] = []
  try {
    // One after the other: a server that limits new connections should not see a flood.
    for (const racer of racers) {
      const { socket } = await connect(racer.destination, ['http/1.1'], { total: 0 }, start, signal)
      const bytes = bytesOfRequest(racer.target, racer.wire)
      const held = whole ? bytes.byteLength : 1
      opened.push({ socket, last: bytes.subarray(-held), racer })
      await written(socket, bytes.subarray(0, -held))
    }
    if (!whole) await settle(signal)
    let released = performance.now()
    const answers = opened.map(({ socket, racer }) => {
      const raced: Raced = { localPort: socket.localPort ?? 0 }
      return readResponse(socket, racer.wire.method, signal, () => (raced.headAt = since(released))).then(
        (response) => ({ ...raced, response }),
        (error: Error) => ({ ...raced, problem: error.message }),
      )
    })
    released = performance.now()
    for (const { socket, last } of opened) socket.write(last)
    const sentSpread = since(released)
    return { technique: 'last-byte', sentSpread, copies: await Promise.all(answers) }
  } finally {
    for (const { socket } of opened) socket.destroy()
  }
}

async function raceHttp2(racers: readonly Racer[], whole: boolean, signal: AbortSignal): Promise<RaceResult> {
  const start = performance.now()
  const { destination } = racers[0]!
  const connected = await connect(destination, ['h2'], { total: 0 }, start, signal)
  const localPort = connected.socket.localPort ?? 0
  const held = new HeldSocket(connected.socket)
  const session = openSession({ ...connected, socket: held as unknown as Connected['socket'] }, destination)
  session.on('error', () => undefined)
  try {
    const settings = await settingsOf(session, signal)
    const most = settings.maxConcurrentStreams ?? 100
    if (racers.length > most) {
      throw new ReplayError(`the server takes ${most} requests at once on a connection`, `race at most ${most} copies`)
    }
    let released = start
    if (whole) held.hold()
    const prepared = racers.map(({ target, wire }) => {
      const raced: Raced = { localPort }
      const stream = session.request(fieldsForHttp2(target, wire, destination) as never, { endStream: false })
      stream.on('error', () => undefined)
      const answer = readStream(stream, () => (raced.headAt = since(released))).then(
        (response): Raced => ({ ...raced, response }),
        (error: Error): Raced => ({ ...raced, problem: error.message }),
      )
      const body = wire.body ?? Buffer.alloc(0)
      if (body.byteLength > 1) stream.write(body.subarray(0, -1))
      return { stream, last: body.subarray(-1), answer }
    })
    if (!whole) {
      // A frame that the server answers shows that everything before it has arrived.
      await pinged(session, signal)
      await settle(signal)
      held.hold()
    }
    for (const { stream, last } of prepared) finish(stream, last)
    await framesWritten()
    released = performance.now()
    held.release()
    const stop = () => session.destroy()
    signal.addEventListener('abort', stop, { once: true })
    const copies = await Promise.all(prepared.map(({ answer }) => answer))
    signal.removeEventListener('abort', stop)
    return { technique: 'single-packet', sentSpread: 0, copies }
  } finally {
    session.destroy()
    connected.socket.destroy()
  }
}

function finish(stream: ClientHttp2Stream, last: Buffer): void {
  if (last.byteLength === 0) stream.end()
  else stream.end(last)
}

function settingsOf(session: ReturnType<typeof openSession>, signal: AbortSignal) {
  return new Promise<{ maxConcurrentStreams?: number }>((resolve, reject) => {
    session.once('remoteSettings', resolve)
    const none = () => reject(new ReplayError('the server does not speak HTTP/2 here', 'race over HTTP/1.1'))
    session.once('error', none)
    session.once('close', none)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}

function pinged(session: ReturnType<typeof openSession>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    session.ping((error) => (error ? reject(error) : resolve()))
  })
}

/** Node writes frames in later turns of its loop. */
async function framesWritten(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** What was written before has to be on its way, also through a gateway in between. */
function settle(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, 100)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    })
  })
}

function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.write(bytes, () => {
      socket.off('error', reject)
      socket.on('error', () => undefined)
      resolve()
    })
  })
}
