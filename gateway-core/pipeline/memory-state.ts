import { createHash } from 'node:crypto'
import { ExpiryHeap, type Expiring } from './expiry-heap.ts'
import { expiryOf, newCell, spend, type LimiterCell } from './limiters.ts'
import {
  limitAlgorithms,
  type CountAnswer,
  type LimitAnswer,
  type LimitOperation,
  type StateAnswer,
  type StateOperation,
  type StateSnapshot,
  type StateStore,
} from './state.ts'

/** How much a `MemoryState` may hold. */
export interface MemoryBounds {
  /** Entries (keys) of one policy instance. */
  perInstance: number
  /** Entries of all instances together. */
  total: number
  /** Characters of all values that `put` stored for one instance. */
  textPerInstance: number
}

const defaultBounds: MemoryBounds = { perInstance: 50_000, total: 200_000, textPerInstance: 16_000_000 }

/** What one key holds. A limiter keeps a cell, `count` a number, `put` and `once` a text. */
type Content = LimiterCell | number | string

interface Entry extends Expiring {
  readonly key: string
  content: Content
}

/** One instance: nonces apart, because they are never dropped early. */
interface Instance {
  readonly values: Ledger
  readonly nonces: Ledger
}

interface Ledger {
  readonly entries: Map<string, Entry>
  readonly byExpiry: ExpiryHeap<Entry>
  text: number
}

/**
 * State in the memory of this process.
 *
 * **Time** is what the caller says and never runs backwards in here: an operation with an earlier `now` happens at the latest
 * one seen, and its absolute times move along, so that a clock set back never opens a limit. There are no timers: an
 * expired entry counts as absent, and each operation removes a few of them.
 *
 * **Bounds**: a hostile client that invents keys (addresses, header values) cannot make it grow without end. Each instance
 * has its own room, so that a flood on one policy does not touch another; when it is full, the entry that would be
 * forgotten soonest goes. In buckets that is the key that used least, so a flood does not free a key that is locked out. When
 * all instances together reach the total, the largest one gives way. A nonce (`once`) is kept apart and never dropped before its
 * time: when there is no room, a new one counts as already seen, which refuses rather than lets a replay pass. Keys longer than 200
 * characters are kept as their SHA-256.
 */
export class MemoryState implements StateStore {
  readonly #bounds: MemoryBounds
  readonly #instances = new Map<string, Instance>()
  #now = Number.NEGATIVE_INFINITY
  #order = 0
  #size = 0

  constructor(bounds: Partial<MemoryBounds> = {}) {
    this.#bounds = { ...defaultBounds, ...bounds }
  }

  /** Entries held, expired ones that were not yet removed included. */
  get size(): number {
    return this.#size
  }

  apply<O extends StateOperation>(stateId: string, operation: O, now: number): StateAnswer<O> {
    if (now > this.#now) this.#now = now
    // Absolute times of a step whose clock is behind keep their distance to its own time.
    const shift = Number.isFinite(now) && Number.isFinite(this.#now) ? this.#now - now : 0
    const instance = this.#instanceOf(stateId)
    const ledger = operation.op === 'once' ? instance.nonces : instance.values
    this.#sweep(ledger, 2)
    const key = operation.key.length > 200 ? digest(operation.key) : operation.key
    return this.#run(ledger, key, operation, shift) as StateAnswer<O>
  }

  snapshot(now: number, stateIds?: Iterable<string>): StateSnapshot {
    // A look at the clock like any other: what is copied here goes on as what was copied from it.
    if (now > this.#now) this.#now = now
    const time = finite(this.#now)
    const entries: { stateId: string; key: string; value: unknown }[] = []
    for (const stateId of stateIds ?? this.#instances.keys()) {
      const instance = this.#instances.get(stateId)
      if (!instance) continue
      for (const ledger of [instance.values, instance.nonces]) {
        for (const entry of [...ledger.entries.values()].sort((a, b) => a.order - b.order)) {
          if (entry.expiresAt <= time) continue
          entries.push({ stateId, key: entry.key, value: written(entry, ledger === instance.nonces) })
        }
      }
    }
    return { version: 1, now: time, entries }
  }

  /** Puts back what a snapshot holds, in place of everything that the state ids in it hold now. What it cannot read it leaves out. */
  restore(snapshot: StateSnapshot): void {
    if (snapshot.now > this.#now) this.#now = snapshot.now
    for (const stateId of new Set(snapshot.entries.map((entry) => entry.stateId))) this.#forget(stateId)
    for (const { stateId, key, value } of snapshot.entries) {
      const read = readBack(value)
      if (read === undefined || read.expiresAt <= this.#now) continue
      const instance = this.#instanceOf(stateId)
      this.#add(read.nonce ? instance.nonces : instance.values, key, read.content, read.expiresAt)
    }
  }

  retain(keep: ReadonlySet<string>): void {
    for (const stateId of this.#instances.keys()) if (!keep.has(stateId)) this.#forget(stateId)
  }

  #run(ledger: Ledger, key: string, operation: StateOperation, shift: number): StateAnswer<StateOperation> {
    switch (operation.op) {
      case 'limit':
        return this.#limit(ledger, key, operation)
      case 'count':
        return this.#count(ledger, key, operation.by, lifeEnd(operation.resetAt, shift), operation.limit)
      case 'put':
        this.#put(ledger, key, operation.value, lifeEnd(operation.expiresAt, shift))
        return undefined
      case 'get': {
        const content = this.#live(ledger, key)?.content
        return typeof content === 'string' ? content : null
      }
      case 'once':
        return this.#once(ledger, key, lifeEnd(operation.expiresAt, shift))
    }
  }

  #limit(ledger: Ledger, key: string, operation: LimitOperation): LimitAnswer {
    const known = this.#live(ledger, key)
    const usable = known && typeof known.content === 'object' && known.content.algorithm === operation.algorithm
    const cell = usable ? (known.content as LimiterCell) : newCell(operation.algorithm, this.#now)
    const answer = spend(cell, operation, this.#now)
    // Nothing counted, nothing to remember: looking at a limit, or a refusal that does not count, makes no entry.
    if (!usable && cell.used === 0) return answer
    const expiresAt = expiryOf(cell, operation)
    if (usable) known.expiresAt = expiresAt
    else this.#set(ledger, key, cell, expiresAt)
    return answer
  }

  #count(ledger: Ledger, key: string, by: number, resetAt: number, limit: number | undefined): CountAnswer {
    const known = this.#live(ledger, key)
    const counted = known && typeof known.content === 'number' ? known.content : 0
    const next = Math.min(Math.max(0, counted + finite(by)), Number.MAX_SAFE_INTEGER)
    if (limit !== undefined && by > 0 && !(next <= limit)) return { allowed: false, count: counted }
    if (known && typeof known.content === 'number') known.content = next
    else if (next > 0 && resetAt > this.#now) this.#set(ledger, key, next, resetAt)
    return { allowed: true, count: next }
  }

  #put(ledger: Ledger, key: string, value: string, expiresAt: number): void {
    if (value.length > this.#bounds.textPerInstance || !(expiresAt > this.#now)) {
      this.#drop(ledger, ledger.entries.get(key))
      return
    }
    this.#set(ledger, key, value, expiresAt)
    while (ledger.text > this.#bounds.textPerInstance) this.#drop(ledger, ledger.byExpiry.first())
  }

  #once(ledger: Ledger, key: string, expiresAt: number): boolean {
    if (this.#live(ledger, key)) return false
    if (!(expiresAt > this.#now)) return true
    if (ledger.entries.size >= this.#bounds.perInstance) this.#sweep(ledger, Number.POSITIVE_INFINITY)
    if (ledger.entries.size >= this.#bounds.perInstance || !this.#hasRoom()) return false
    this.#add(ledger, key, '', expiresAt)
    return true
  }

  #live(ledger: Ledger, key: string): Entry | undefined {
    const entry = ledger.entries.get(key)
    return entry && entry.expiresAt > this.#now ? entry : undefined
  }

  #set(ledger: Ledger, key: string, content: Content, expiresAt: number): void {
    this.#drop(ledger, ledger.entries.get(key))
    if (ledger.entries.size >= this.#bounds.perInstance) {
      this.#sweep(ledger, Number.POSITIVE_INFINITY)
      if (ledger.entries.size >= this.#bounds.perInstance) this.#drop(ledger, ledger.byExpiry.first())
    }
    if (this.#hasRoom()) this.#add(ledger, key, content, expiresAt)
  }

  #add(ledger: Ledger, key: string, content: Content, expiresAt: number): void {
    this.#drop(ledger, ledger.entries.get(key))
    const entry: Entry = { key, content, expiresAt, order: this.#order++, slot: 0, sortedAt: expiresAt }
    ledger.entries.set(key, entry)
    ledger.byExpiry.add(entry)
    if (typeof content === 'string') ledger.text += content.length
    this.#size += 1
  }

  #drop(ledger: Ledger, entry: Entry | undefined): void {
    if (!entry) return
    ledger.entries.delete(entry.key)
    ledger.byExpiry.remove(entry)
    if (typeof entry.content === 'string') ledger.text -= entry.content.length
    this.#size -= 1
  }

  #sweep(ledger: Ledger, most: number): void {
    for (let removed = 0; removed < most; removed += 1) {
      const first = ledger.byExpiry.first()
      if (!first || first.expiresAt > this.#now) return
      this.#drop(ledger, first)
    }
  }

  /** Makes room for one more entry in the total; false when nothing but nonces is left to drop. */
  #hasRoom(): boolean {
    if (this.#size < this.#bounds.total) return true
    let largest: Ledger | undefined
    for (const { values, nonces } of this.#instances.values()) {
      this.#sweep(values, Number.POSITIVE_INFINITY)
      this.#sweep(nonces, Number.POSITIVE_INFINITY)
      if (!largest || values.entries.size > largest.entries.size) largest = values
    }
    if (largest && this.#size >= this.#bounds.total) this.#drop(largest, largest.byExpiry.first())
    return this.#size < this.#bounds.total
  }

  #instanceOf(stateId: string): Instance {
    let instance = this.#instances.get(stateId)
    if (!instance) {
      instance = { values: newLedger(), nonces: newLedger() }
      this.#instances.set(stateId, instance)
    }
    return instance
  }

  #forget(stateId: string): void {
    const instance = this.#instances.get(stateId)
    if (instance) this.#size -= instance.values.entries.size + instance.nonces.entries.size
    this.#instances.delete(stateId)
  }
}

function newLedger(): Ledger {
  return { entries: new Map(), byExpiry: new ExpiryHeap(), text: 0 }
}

function lifeEnd(at: number, shift: number): number {
  return Number.isNaN(at) ? 0 : Math.min(at + shift, Number.MAX_SAFE_INTEGER)
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : 0
}

function digest(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/** `[expiresAt, 'once']`, `[expiresAt, 'n', number]`, `[expiresAt, 's', text]` or `[expiresAt, algorithm, at, used, before]`. */
function written({ content, expiresAt }: Entry, nonce: boolean): unknown {
  if (nonce) return [expiresAt, 'once']
  if (typeof content === 'number') return [expiresAt, 'n', content]
  if (typeof content === 'string') return [expiresAt, 's', content]
  return [expiresAt, content.algorithm, content.at, content.used, content.before]
}

function readBack(value: unknown): { content: Content; expiresAt: number; nonce?: true } | undefined {
  if (!Array.isArray(value)) return undefined
  const [expiresAt, kind, first, used, before] = value as unknown[]
  if (typeof expiresAt !== 'number' || !Number.isFinite(expiresAt)) return undefined
  if (kind === 'once') return { content: '', expiresAt, nonce: true }
  if (kind === 'n') return isCount(first) ? { content: first, expiresAt } : undefined
  if (kind === 's') return typeof first === 'string' ? { content: first, expiresAt } : undefined
  const algorithm = limitAlgorithms.find((name) => name === kind)
  if (!algorithm || !isCount(first) || !isCount(used) || !isCount(before)) return undefined
  return { content: { algorithm, at: first, used, before }, expiresAt }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
