import type { Params } from '../../gateway-core/protocol/protocol.ts'
import type { ChangedMessage, ExchangeThere, MessageThere } from '../../gateway-core/protocol/what-if.ts'

/** A value that somebody changes by hand before a step. */
export type ValueChange = Params<'past.steps'>['changes'][number]

/** Adds a change, in the place of an earlier one of the same value at the same step. */
export function withChange(changes: readonly ValueChange[], change: ValueChange): ValueChange[] {
  return [...changes.filter((one) => !isSameValue(one, change)), change].sort((a, b) => a.step - b.step)
}

function isSameValue(a: ValueChange, b: ValueChange): boolean {
  return a.step === b.step && a.of === b.of && a.kind === b.kind && a.name?.toLowerCase() === b.name?.toLowerCase()
}

/** `header accept = json`, `path = /admin`: a change in words. */
export function changeWords({ of, kind, name, value }: ValueChange): string {
  const words = of === 'message' ? 'message' : kindWords[kind as keyof typeof kindWords]
  const what = kind === 'header' ? `${of === 'response' ? 'response ' : ''}header ${name ?? ''}` : words
  return value === null ? `no ${what}` : `${what} = ${String(value)}`
}

const kindWords = { path: 'path', query: 'query', body: 'body', status: 'status', now: 'time', consumer: 'caller' }

/** One line of a message, with how it came to be since the place before. */
export interface MessageLine {
  /** Empty for the head. */
  readonly name: string
  readonly value: string
  readonly since: 'same' | 'new' | 'gone'
}

/** The lines of a message beside those of the place before: what a step added, changed or took away is told apart. */
export function messageLines(there: MessageThere, before: MessageThere | undefined): MessageLine[] {
  const known = new Map<string, number>()
  const own = linesOf(there)
  const earlier = before ? linesOf(before) : own
  for (const line of earlier) known.set(keyOf(line), (known.get(keyOf(line)) ?? 0) + 1)
  const lines = own.map(({ name, value }): MessageLine => {
    const left = known.get(keyOf({ name, value })) ?? 0
    if (left > 0) known.set(keyOf({ name, value }), left - 1)
    return { name, value, since: left > 0 ? 'same' : 'new' }
  })
  const gone = earlier.filter((line) => {
    const left = known.get(keyOf(line)) ?? 0
    if (left > 0) known.set(keyOf(line), left - 1)
    return left > 0
  })
  return [...lines, ...gone.map((line): MessageLine => ({ ...line, since: 'gone' }))]
}

function linesOf({ head, headers }: MessageThere): { name: string; value: string }[] {
  return [{ name: '', value: head }, ...headers.map(([name, value]) => ({ name, value }))]
}

function keyOf({ name, value }: { name: string; value: string }): string {
  return `${name.toLowerCase()}\n${value}`
}

/** Path and query of a request head: `GET /books?page=2 HTTP/1.1`. */
export function targetOf(head: string): { path: string; query: string } {
  const target = /^\S+\s+(\S*)/.exec(head)?.[1] ?? ''
  const at = target.indexOf('?')
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) }
}

/** Status of a response head: `HTTP/1.1 200 OK` or `200 OK`. */
export function statusOf(head: string): number {
  return Number(/(?:^|\s)(\d{3})(?:\s|$)/.exec(head)?.[1] ?? 0)
}

/** `Message 3 from the client`. */
export function messageTitle({ number, side }: Pick<ChangedMessage, 'number' | 'side'>): string {
  return `Message ${number} from the ${side === 'request' ? 'client' : 'upstream'}`
}

/** What a place has of the exchange besides its messages. */
export function aboutPlace({ clientAddress, consumer, now }: ExchangeThere): {
  client: string
  caller: string
  now: number
} {
  const groups = consumer && consumer.groups.length > 0 ? ` in ${consumer.groups.join(', ')}` : ''
  return { client: clientAddress, caller: consumer ? `${consumer.name}${groups}` : 'not known yet', now }
}

/** A caller as one types it: `ben in reader, staff`; nothing: nobody. */
export function callerOf(text: string): Pick<ValueChange, 'kind' | 'value' | 'groups'> {
  const [, name = '', groups = ''] = /^\s*(.*?)(?:\s+in\s+(.*))?\s*$/.exec(text) ?? []
  const list = groups.split(',').map((group) => group.trim())
  return { kind: 'consumer', value: name === '' ? null : name, groups: list.filter((group) => group !== '') }
}
