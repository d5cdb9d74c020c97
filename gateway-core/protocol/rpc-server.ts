import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { Flow, type FlowCounts } from './flow.ts'
import { type ClientFrame, creditWindow, frameLimit, type ServerFrame, type Transport } from './frames.ts'
import { type CallName, calls, type EventData, type EventName, events, type Handlers } from './protocol.ts'
import { RpcError, type RpcFailure } from './rpc-error.ts'

/** Sends an event to one screen. */
export type Emit = <N extends EventName>(name: N, data: EventData<N>) => void

/** What stands behind one connection: its calls, and what has to be let go when it ends. */
export interface Session {
  handlers: Handlers
  close(): void
}

export interface ServeOptions {
  /** Called once for the connection: whatever belongs to one screen (its search) is made here. */
  open(emit: Emit): Session
  /** A handler threw something that is no RpcError: a bug. The screen learns only that it happened. */
  onBug?(call: string, error: unknown): void
  /** Most calls at once of one connection (default 256). */
  mostCalls?: number
  window?: number
}

/** A served connection. */
export interface Served {
  readonly flow: Readonly<FlowCounts>
  /** Calls that are running. */
  readonly running: number
  close(reason?: string): void
}

/**
 * Serves the calls of the protocol over a transport. Every frame is checked against the schema of its call; what is not
 * declared is refused. A frame that is not the protocol at all ends the connection.
 */
export function serveConnection(transport: Transport, options: ServeOptions): Served {
  const { mostCalls = 256, window = creditWindow } = options
  const running = new Map<number, AbortController>()
  const flow = new Flow((text) => transport.send(text), { window })
  const emit: Emit = (name, data) => flow.event(name, data, events[name].delivery)
  const session = options.open(emit)
  let open = true

  const answer = (frame: ServerFrame) => {
    if (open) flow.answer(JSON.stringify(frame))
  }
  const fail = (id: number, error: RpcFailure) => answer({ t: 'error', id, error })

  const run = async (id: number, name: CallName, params: unknown) => {
    const stop = new AbortController()
    running.set(id, stop)
    const handler = session.handlers[name] as (params: unknown, context: { signal: AbortSignal }) => unknown
    try {
      const result = await handler(params, { signal: stop.signal })
      if (!stop.signal.aborted) answer({ t: 'result', id, result: result ?? null })
    } catch (error) {
      if (stop.signal.aborted) return
      if (error instanceof RpcError) return fail(id, error.failure())
      options.onBug?.(name, error)
      fail(id, { code: 'INTERNAL', message: `${name} failed inside the core`, todo: 'try again; the core goes on' })
    } finally {
      running.delete(id)
    }
  }

  const take = (frame: ClientFrame) => {
    if (frame.t === 'credit') return flow.credit(frame.amount)
    if (frame.t === 'cancel') {
      const stop = running.get(frame.id)
      if (!stop) return
      stop.abort()
      running.delete(frame.id)
      return fail(frame.id, { code: 'CANCELLED', message: 'cancelled' })
    }
    const { id, name, params } = frame
    if (!Object.hasOwn(calls, name)) {
      return fail(id, { code: 'UNKNOWN_CALL', message: 'there is no such call' })
    }
    if (running.has(id)) return fail(id, { code: 'BAD_PARAMS', message: 'a call of this id is running' })
    if (running.size >= mostCalls) {
      return fail(id, {
        code: 'BUSY',
        message: `${mostCalls} calls are running already`,
        todo: 'wait for some of them',
      })
    }
    const wrong = wrongParams(name as CallName, params)
    if (wrong) return fail(id, { code: 'BAD_PARAMS', ...wrong })
    void run(id, name as CallName, params)
  }

  const end = () => {
    if (!open) return
    open = false
    for (const stop of running.values()) stop.abort()
    running.clear()
    flow.close()
    session.close()
  }

  transport.onClose(end)
  transport.onMessage((text) => {
    const frame = readFrame(text)
    if (frame) return take(frame)
    end()
    transport.close('this is not the protocol')
  })
  return {
    flow: flow.counts,
    get running() {
      return running.size
    },
    close(reason) {
      end()
      transport.close(reason)
    },
  }
}

// The schemas are our own, and a test holds them against the meta schema: a core that starts, or starts again after a
// crash, should not do that first.
const ajv = new Ajv2020({ strict: false, allErrors: false, validateSchema: false })
let frames: ValidateFunction<ClientFrame> | undefined
const id = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } as const
const frameSchema = {
  oneOf: [
    {
      type: 'object',
      additionalProperties: false,
      required: ['t', 'id', 'name', 'params'],
      properties: { t: { const: 'call' }, id, name: { type: 'string', maxLength: 100 }, params: {} },
    },
    { type: 'object', additionalProperties: false, required: ['t', 'id'], properties: { t: { const: 'cancel' }, id } },
    {
      type: 'object',
      additionalProperties: false,
      required: ['t', 'amount'],
      properties: { t: { const: 'credit' }, amount: { type: 'integer', minimum: 1, maximum: frameLimit } },
    },
  ],
}

function readFrame(text: string): ClientFrame | undefined {
  if (typeof text !== 'string' || text.length > frameLimit) return undefined
  try {
    const frame: unknown = JSON.parse(text)
    frames ??= ajv.compile(frameSchema)
    return frames(frame) ? frame : undefined
  } catch {
    return undefined
  }
}

const validators = new Map<CallName, ValidateFunction>()

function wrongParams(name: CallName, params: unknown): { message: string; where?: string } | undefined {
  let validate = validators.get(name)
  if (!validate) validators.set(name, (validate = ajv.compile(calls[name].params)))
  if (validate(params)) return undefined
  const [error] = validate.errors as [ErrorObject]
  const extra = (error.params as { additionalProperty?: string }).additionalProperty
  const more = extra === undefined ? '' : `: ${JSON.stringify(extra.slice(0, 60))}`
  return { message: `${name}: the parameters ${error.message}${more}`, where: error.instancePath || undefined }
}
