import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../gateway-core/protocol/frames.ts'
import { createRpcClient, type RpcClient } from '../../gateway-core/protocol/rpc-client.ts'
import { type Emit, type Served, serveConnection } from '../../gateway-core/protocol/rpc-server.ts'
import { refused } from '../../gateway-core/protocol/rpc-error.ts'
import type { SearchState } from '../../gateway-core/protocol/types.ts'
import { handlersWith } from './fake-handlers.ts'

/** A way to get two ends of one connection. */
export interface TransportKind {
  name: string
  /** Hands each connection's far end to `accept`. */
  open(accept: (transport: Transport) => void): Promise<{ connect(): Promise<Transport>; close(): Promise<void> }>
}

/** What every transport has to do: the protocol cannot tell which one it runs over. */
export function transportContract({ name, open }: TransportKind): void {
  describe(`over ${name}`, () => {
    let place: Awaited<ReturnType<TransportKind['open']>>
    let client: RpcClient
    const served: { emit: Emit; served: Served; closed: () => boolean }[] = []
    const started: { id: string; signal: AbortSignal; finish: (text: string) => void }[] = []
    const bugs: string[] = []

    beforeEach(async () => {
      served.length = started.length = bugs.length = 0
      place = await open((transport) => {
        let emit!: Emit
        let closed = false
        const one = serveConnection(transport, {
          open(given) {
            emit = given
            return { handlers, close: () => (closed = true) }
          },
          onBug: (call, error) => bugs.push(`${call}: ${(error as Error).message}`),
          window: 1024 * 1024,
          mostCalls: 50,
        })
        served.push({ emit, served: one, closed: () => closed })
      })
      client = createRpcClient({ connect: () => place.connect(), retryMs: () => 5 })
    })
    afterEach(async () => {
      client.close()
      await place.close()
    })

    const handlers = handlersWith({
      'traffic.savedQueries': () => [{ name: 'größer ✓ 𝄞', query: ' "\\' }],
      'traffic.copyAs': ({ id }: { id: string }, { signal }) =>
        new Promise((resolve) => started.push({ id, signal, finish: (text) => resolve({ text }) })),
      'traffic.clear': () => {
        throw refused('not now', 'wait', 'gatehouse.yaml:3:1')
      },
      'files.write': ({ text }: { text: string }) => ({ state: 'saved', version: String(text.length) }),
      'files.read': () => ({ path: 'a', text: 'x'.repeat(3_000_000), version: '', readOnly: false }),
      'files.draft': () => undefined,
    })
    const row = (total: number): SearchState => ({ search: 1, total, done: true })

    it('carries answers whole, whatever characters they hold', async () => {
      expect(await client.call('traffic.savedQueries')).toEqual([{ name: 'größer ✓ 𝄞', query: ' "\\' }])
      const text = '\u{2028}é\n'.repeat(700_000)
      expect(await client.call('files.write', { path: 'a', text, base: '' })).toEqual({
        state: 'saved',
        version: String(text.length),
      })
      expect((await client.call('files.read', { path: 'a' })).text).toHaveLength(3_000_000)
      expect(await client.call('files.draft', { path: 'a', text: '', base: '' })).toBeNull()
    })

    it('answers calls as they finish, not as they came', async () => {
      const first = client.call('traffic.copyAs', { id: 'a', as: 'curl' })
      const second = client.call('traffic.copyAs', { id: 'b', as: 'curl' })
      await until(() => started.length === 2)
      started[1]!.finish('second')
      expect(await second).toEqual({ text: 'second' })
      started[0]!.finish('first')
      expect(await first).toEqual({ text: 'first' })
    })

    it('says what went wrong, where and what to do; of bugs only that they happened', async () => {
      await expect(client.call('traffic.clear', { query: '' })).rejects.toMatchObject({
        name: 'RpcError',
        code: 'REFUSED',
        message: 'not now',
        where: 'gatehouse.yaml:3:1',
        todo: 'wait',
      })
      const bug = await client.call('gateway.start').catch((error: Error) => error)
      expect(bug).toMatchObject({ code: 'INTERNAL', message: 'gateway.start failed inside the core' })
      expect(bugs).toEqual(['gateway.start: the test did not expect this call'])
    })

    it('refuses unknown calls and parameters that do not fit', async () => {
      const loose = client as unknown as { call(name: string, params?: unknown): Promise<unknown> }
      await expect(loose.call('gateway.explode')).rejects.toMatchObject({ code: 'UNKNOWN_CALL' })
      await expect(loose.call('constructor')).rejects.toMatchObject({ code: 'UNKNOWN_CALL' })
      await expect(loose.call('traffic.rows', { search: 1, from: -1, count: 1 })).rejects.toMatchObject({
        code: 'BAD_PARAMS',
        where: '/from',
      })
      await expect(loose.call('traffic.clear', { query: '', evil: 1 })).rejects.toMatchObject({ code: 'BAD_PARAMS' })
      await expect(loose.call('gateway.start', [])).rejects.toMatchObject({ code: 'BAD_PARAMS' })
    })

    it('takes only so many calls at once', async () => {
      const many = Array.from({ length: 60 }, (_, at) => client.call('traffic.copyAs', { id: `${at}`, as: 'curl' }))
      const results = Promise.allSettled(many)
      await until(() => started.length === 50)
      for (const { finish } of started) finish('')
      const codes = (await results).map((one) =>
        one.status === 'rejected' ? (one.reason as { code: string }).code : '',
      )
      expect(codes.filter((code) => code === 'BUSY')).toHaveLength(10)
      expect(codes.filter((code) => code === '')).toHaveLength(50)
    })

    it('cancels: the caller at once, the handler by its signal', async () => {
      const stop = new AbortController()
      const call = client.callWith('traffic.copyAs', { id: 'a', as: 'curl' }, stop.signal)
      await until(() => started.length === 1)
      stop.abort()
      await expect(call).rejects.toMatchObject({ code: 'CANCELLED' })
      await until(() => started[0]!.signal.aborted)
      await until(() => served[0]!.served.running === 0)
    })

    it('brings events in order, and of latest ones the newest', async () => {
      const paths: string[] = []
      const totals: number[] = []
      client.on('files.changed', ({ path }) => paths.push(path))
      client.on('traffic.changed', ({ total }) => totals.push(total))
      await client.call('traffic.savedQueries')
      for (let at = 0; at < 1200; at++) {
        served[0]!.emit('files.changed', { path: `${at}`, version: null })
        served[0]!.emit('traffic.changed', row(at))
      }
      await until(() => paths.length === 1200 && totals.at(-1) === 1199)
      expect(paths).toEqual(Array.from({ length: 1200 }, (_, at) => `${at}`))
      expect(totals.length).toBeLessThan(5)
    })

    it('connects again by itself, and says that everything has to be asked for anew', async () => {
      let syncs = 0
      const states: string[] = []
      await client.call('traffic.savedQueries')
      client.onSync(() => syncs++)
      client.onState((state) => states.push(state))
      const pending = client.call('traffic.copyAs', { id: 'a', as: 'curl' })
      await until(() => started.length === 1)
      served[0]!.served.close('the core ended')
      await expect(pending).rejects.toMatchObject({ code: 'DISCONNECTED' })
      expect(started[0]!.signal.aborted).toBe(true)
      expect(served[0]!.closed()).toBe(true)
      expect(await client.call('traffic.savedQueries')).toHaveLength(1)
      expect(served).toHaveLength(2)
      expect(states).toEqual(['connecting', 'connected'])
      expect(syncs).toBe(1)
    })

    it('lets the session go when the screen leaves', async () => {
      await client.call('traffic.savedQueries')
      client.close()
      await until(() => served[0]!.closed())
      await expect(client.call('traffic.savedQueries')).rejects.toMatchObject({ code: 'DISCONNECTED' })
    })

    it('ends a connection that speaks something else', async () => {
      for (const text of ['', 'GET / HTTP/1.1', '{"t":"call"}', '[]', '{"t":"credit","amount":-1}', 'null']) {
        const raw = await place.connect()
        const ended = new Promise((resolve) => raw.onClose(resolve))
        raw.onMessage(() => undefined)
        raw.send(text)
        await ended
      }
    })
  })
}

/** Waits for something that other turns of the event loop bring about. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2))
}
