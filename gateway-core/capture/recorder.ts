import { Worker } from 'node:worker_threads'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { CaptureSettings, WorkspaceFile } from '../config/workspace.ts'
import { BatchEncoder } from './batch-encoder.ts'
import type { ExchangeRecord, MessageRecord, Recorder } from './record.ts'
import type { SavedState } from './saved-states.ts'
import { type ExchangeSummary, summariesOf } from './summary.ts'
import { counter, type FromWorker, type ToWorker, type WorkerSetup } from './worker-messages.ts'

/** Something that a person should know about the capture; the gateway goes on in each case. */
export type CaptureEvent =
  /** Nothing is recorded until `recovered`: disk full, read-only folder, database of a newer version. */
  | { kind: 'failed'; message: string }
  | { kind: 'recovered' }
  /** The store ended and runs again. `records`: how many were on their way and are lost. */
  | { kind: 'restarted'; reason: string; records: number }
  /** The store does not keep up, or fails; counts since the last event of this kind. */
  | { kind: 'dropped'; bodies: number; records: number }

export interface RecorderOptions {
  /** Workspace folder; captures go to its `.gatehouse/captures.db`. */
  folder: string
  key: WorkspaceKey
  settings: CaptureSettings
  /** Rows for lists, after they are durable, without secrets. */
  onWritten?: (rows: ExchangeSummary[]) => void
  onEvent?: (event: CaptureEvent) => void
  /** Most memory for records on their way to the store, in bytes (default 32 MB); bodies are dropped from half of it on. */
  queueBytes?: number
  /** Exchanges that began before (ms since the epoch) and are still open are closed: their gateway was killed. Only where no other one runs. */
  closeBefore?: number
}

/** A recorder that also keeps the files behind each revision. */
export interface CaptureRecorder extends Recorder {
  /** Keeps the files behind a revision. `secrets`: values that stand in them in clear (a key written into the YAML); they are sealed. */
  saveRevision(revision: string, files: readonly WorkspaceFile[], secrets?: readonly string[]): void
  /** Keeps what counters held, behind what was recorded so far. */
  saveState(state: SavedState): void
  /** Since the start: records taken, records and bodies dropped. */
  readonly counts: Readonly<{ recorded: number; droppedRecords: number; droppedBodies: number }>
}

/** A batch leaves after this time, or as soon as it is this long: what was recorded more than 100 ms ago is durable. */
const batchMs = 30
const batchRecords = 256
const batchBytes = 1024 * 1024
/** Bodies that take no more room than the rest of their record stay with it as long as it is taken. */
const smallBodies = 4096
const announceMs = 1000
/** A store that ends is started again, at most so often in that time. */
const mostRestarts = 3
const restartsMs = 60_000
const mostOpen = 10_000
/** The worker's short-lived garbage would otherwise take 100 MB before anybody collects it. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 }

/** Starts the store worker and returns at once; what goes wrong later is told through `onEvent` and never thrown. */
export function openRecorder(options: RecorderOptions): CaptureRecorder {
  return new BatchingRecorder(options)
}

class BatchingRecorder implements CaptureRecorder {
  readonly #options: RecorderOptions
  #worker: Worker
  #encoder = new BatchEncoder({ goesOn: true })
  /** Sent after the records of the same moment: an exchange stands before its messages. */
  #messages: MessageRecord[] = []
  #messageBytes = 0
  readonly #counters = new Int32Array(new SharedArrayBuffer(16))
  readonly #queueKilobytes: number
  readonly #flushes = new Map<number, () => void>()
  readonly #timer: NodeJS.Timeout
  readonly counts = { recorded: 0, droppedRecords: 0, droppedBodies: 0 }
  readonly #announced = { records: 0, bodies: 0, lost: 0, at: 0 }
  #timerArmed = false
  #sentKilobytes = 0
  #sentRecords = 0
  /** When the store was started again. */
  #restarts: number[] = []
  #restartTimer: NodeJS.Timeout | undefined
  /** Of a store that was started again: exchanges whose beginning it knows. Only their messages can be sealed. */
  #known: Set<string> | undefined
  #revision: (ToWorker & { type: 'revision' }) | undefined
  #flushId = 0
  #alive = true
  #closed: Promise<void> | undefined
  #whenClosed: (() => void) | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#queueKilobytes = Math.ceil((options.queueBytes ?? 32 * 1024 * 1024) / 1024)
    this.#worker = this.#start()
    this.#timer = setTimeout(() => this.#send(), batchMs)
    this.#timer.unref()
  }

  #start(): Worker {
    const { folder, key, settings, onWritten, closeBefore } = this.#options
    const setup: WorkerSetup = {
      folder,
      key: key.share(),
      settings: structuredClone(settings),
      counters: this.#counters.buffer,
      tellWritten: onWritten !== undefined,
      closeBefore,
    }
    const worker = new Worker(new URL('./store-worker.ts', import.meta.url), {
      workerData: setup,
      name: 'captures',
      resourceLimits,
    })
    worker.unref()
    worker.on('message', (message: FromWorker) => this.#receive(message))
    worker.on('error', (error) => this.#workerEnded(worker, error.message))
    worker.on('exit', () => this.#workerEnded(worker, 'its thread ended'))
    return worker
  }

  record(record: ExchangeRecord): void {
    if (!this.#alive) {
      this.counts.droppedRecords++
      return
    }
    const waiting = this.#waitingKilobytes()
    if (waiting > this.#queueKilobytes) {
      this.counts.droppedRecords++
      this.#announce()
      return
    }
    const keepBodies = waiting < this.#queueKilobytes / 2 || bodyBytesOf(record) <= smallBodies
    if (!keepBodies && (record.request.body || record.response?.body)) this.counts.droppedBodies++
    try {
      this.#encoder.add(record, keepBodies)
    } catch (error) {
      this.counts.droppedRecords++
      this.#tell({ kind: 'failed', message: `a record could not be laid out: ${(error as Error).message}` })
      return
    }
    this.counts.recorded++
    if (this.#known && record.state === 'open' && this.#known.size < mostOpen) this.#known.add(record.id)
    if (this.#encoder.records >= batchRecords || this.#encoder.size >= batchBytes) this.#send()
    else if (!this.#timerArmed) {
      this.#timerArmed = true
      this.#timer.refresh()
    }
  }

  message(message: MessageRecord): void {
    if (!this.#alive) return
    if (this.#waitingKilobytes() > this.#queueKilobytes / 2 || this.#known?.has(message.exchange) === false) {
      this.counts.droppedBodies++
      this.#announce()
      return
    }
    const { bytes, sent } = message
    // Views of larger buffers would cross to the worker with all of them.
    this.#messages.push({ ...message, bytes: copied(bytes), ...(sent && { sent: copied(sent) }) })
    this.#messageBytes += message.bytes.byteLength + (message.sent?.byteLength ?? 0) + 500
    if (this.#messageBytes >= batchBytes || this.#messages.length >= batchRecords) this.#send()
    else if (!this.#timerArmed) {
      this.#timerArmed = true
      this.#timer.refresh()
    }
  }

  saveRevision(revision: string, files: readonly WorkspaceFile[], secrets: readonly string[] = []): void {
    this.#revision = { type: 'revision', revision, files, secrets }
    if (this.#alive) this.#post(this.#revision)
  }

  saveState(state: SavedState): void {
    if (!this.#alive) return
    this.#send()
    this.#post({ type: 'state', state })
  }

  flush(): Promise<void> {
    if (!this.#alive) return Promise.resolve()
    this.#send()
    const id = ++this.#flushId
    return new Promise((resolve) => {
      this.#flushes.set(id, resolve)
      // A process that waits for this must not end before the worker has answered.
      this.#worker.ref()
      this.#post({ type: 'flush', id })
    })
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    clearTimeout(this.#restartTimer)
    if (!this.#alive) return
    this.#send()
    clearTimeout(this.#timer)
    this.#worker.ref()
    await new Promise<void>((resolve) => {
      this.#whenClosed = resolve
      this.#post({ type: 'close' })
    })
    this.#alive = false
    await this.#worker.terminate()
  }

  #waitingKilobytes(): number {
    return (this.#sentKilobytes - Atomics.load(this.#counters, counter.doneKilobytes)) | 0
  }

  #send(): void {
    this.#timerArmed = false
    this.#sendRecords()
    this.#sendMessages()
  }

  #sendMessages(): void {
    const messages = this.#messages
    if (messages.length === 0 || !this.#alive) return
    const kilobytes = Math.ceil(this.#messageBytes / 1024)
    this.#sentKilobytes = (this.#sentKilobytes + kilobytes) | 0
    this.#messages = []
    this.#messageBytes = 0
    this.#post({ type: 'messages', messages, kilobytes })
  }

  #sendRecords(): void {
    const { records } = this.#encoder
    if (records === 0 || !this.#alive) return
    const kilobytes = Math.ceil(this.#encoder.size / 1024)
    const batch = this.#encoder.take()
    this.#sentKilobytes = (this.#sentKilobytes + kilobytes) | 0
    this.#sentRecords = (this.#sentRecords + records) | 0
    const transfer = [batch.numbers.buffer as ArrayBuffer, batch.bytes.buffer as ArrayBuffer]
    this.#worker.postMessage({ type: 'batch', batch, records, kilobytes } satisfies ToWorker, transfer)
    this.#announce()
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message, [])
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'written':
        return this.#options.onWritten?.(summariesOf(message.fields))
      case 'failed':
        return this.#tell({ kind: 'failed', message: message.message })
      case 'recovered':
        return this.#tell({ kind: 'recovered' })
      case 'flushed':
        this.#flushes.get(message.id)?.()
        this.#flushes.delete(message.id)
        if (this.#flushes.size === 0 && !this.#whenClosed) this.#worker.unref()
        return this.#announce()
      case 'closed':
        this.#alive = false
        return this.#settle()
    }
  }

  /** A store that ends is started again; what was on its way is lost. */
  #workerEnded(worker: Worker, reason: string): void {
    if (worker !== this.#worker || !this.#alive) return
    this.#alive = false
    this.#settle()
    if (this.#closed) return
    const done = Atomics.load(this.#counters, counter.doneRecords)
    this.counts.droppedRecords += ((this.#sentRecords - done) | 0) + this.#encoder.records
    const now = performance.now()
    this.#restarts = this.#restarts.filter((at) => now - at < restartsMs)
    if (this.#restarts.length < mostRestarts) return this.#restart(reason)
    const wait = restartsMs - (now - this.#restarts[0]!)
    const seconds = Math.ceil(wait / 1000)
    this.#tell({ kind: 'failed', message: `the store ended again (${reason}); it is started again in ${seconds} s` })
    this.#restartTimer = setTimeout(() => this.#restart(reason), wait).unref()
  }

  #restart(reason: string): void {
    const records = this.counts.droppedRecords - this.#announced.records
    this.#announced.records = this.counts.droppedRecords
    this.#restarts.push(performance.now())
    this.#sentKilobytes = Atomics.load(this.#counters, counter.doneKilobytes)
    this.#sentRecords = Atomics.load(this.#counters, counter.doneRecords)
    // What the one before was told is not known any more: texts, and the secrets of exchanges that go on.
    this.#encoder = new BatchEncoder({ goesOn: true })
    this.#messages = []
    this.#messageBytes = 0
    this.#known = new Set()
    this.#timerArmed = false
    this.#worker = this.#start()
    this.#alive = true
    if (this.#revision) this.#post(this.#revision)
    this.#tell({ kind: 'restarted', reason, records })
  }

  #settle(): void {
    for (const resolve of this.#flushes.values()) resolve()
    this.#flushes.clear()
    this.#whenClosed?.()
  }

  /** Tells what was dropped, at most once a second. */
  #announce(): void {
    const lost = Atomics.load(this.#counters, counter.lostRecords)
    const announced = this.#announced
    const records = this.counts.droppedRecords - announced.records + (lost - announced.lost)
    const bodies = this.counts.droppedBodies - announced.bodies
    if (records === 0 && bodies === 0) return
    const now = performance.now()
    if (announced.at !== 0 && now - announced.at < announceMs) return
    Object.assign(announced, { records: this.counts.droppedRecords, bodies: this.counts.droppedBodies, lost, at: now })
    this.#tell({ kind: 'dropped', bodies, records })
  }

  #tell(event: CaptureEvent): void {
    this.#options.onEvent?.(event)
  }
}

function bodyBytesOf({ request, response, forwarded, upstreamResponse }: ExchangeRecord): number {
  let bytes = 0
  for (const message of [request, response, forwarded, upstreamResponse]) bytes += message?.body?.bytes.byteLength ?? 0
  return bytes
}

function copied(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes)
}
