import { parentPort, workerData } from 'node:worker_threads'
import { WorkspaceKey } from '../config/workspace-key.ts'
import { BatchReader } from './batch-reader.ts'
import { counter, type ToWorker, type WorkerSetup } from './worker-messages.ts'
import { CaptureWriter, type WrittenField } from './writer.ts'

// The thread that seals and writes captures. It never ends by itself: what fails is told, and the next batch is tried.

const port = parentPort!
const setup = workerData as WorkerSetup
const key = new WorkspaceKey(setup.key)
const counters = new Int32Array(setup.counters)
const retryOpenMs = 2000
/** Outlives a writer that cannot be opened: later batches name what earlier ones brought. */
const reader = new BatchReader()
let writer: CaptureWriter | undefined
let lastAttempt = 0
let failing = false

function openWriter(): CaptureWriter | undefined {
  if (writer || Date.now() - lastAttempt < retryOpenMs) return writer
  lastAttempt = Date.now()
  const opened = attempt(() => (writer = new CaptureWriter(setup.folder, key, setup.settings, reader)))
  if (opened && setup.closeBefore !== undefined) attempt(() => writer?.closeLeftOpen(setup.closeBefore!))
  return writer
}

/** Runs one piece of work; tells when it begins to fail, and when it works again. */
function attempt(work: () => void): boolean {
  try {
    work()
  } catch (error) {
    if (!failing) port.postMessage({ type: 'failed', message: (error as Error).message })
    failing = true
    return false
  }
  if (failing && writer) {
    failing = false
    port.postMessage({ type: 'recovered' })
  }
  return true
}

function write(message: ToWorker & { type: 'batch' }): void {
  const written: WrittenField[] | undefined = setup.tellWritten ? [] : undefined
  const target = openWriter()
  if (!target) reader.begin(message.batch)
  const done = target !== undefined && attempt(() => target.write(message.batch, written))
  if (!done) Atomics.add(counters, counter.lostRecords, message.records)
  Atomics.add(counters, counter.doneBatches, 1)
  Atomics.add(counters, counter.doneRecords, message.records)
  Atomics.add(counters, counter.doneKilobytes, message.kilobytes)
  if (done && written) port.postMessage({ type: 'written', fields: written })
  if (done) attempt(() => target.tidy(Date.now()))
}

function writeMessages({ messages, kilobytes }: ToWorker & { type: 'messages' }): void {
  const target = openWriter()
  if (target) attempt(() => target.writeMessages(messages))
  Atomics.add(counters, counter.doneKilobytes, kilobytes)
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'batch') write(message)
  else if (message.type === 'messages') writeMessages(message)
  else if (message.type === 'revision') {
    const target = openWriter()
    if (target) attempt(() => target.saveRevision(message.revision, message.files, message.secrets))
  } else if (message.type === 'state') {
    const target = openWriter()
    if (target) attempt(() => target.saveState(message.state))
  } else if (message.type === 'flush') port.postMessage({ type: 'flushed', id: message.id })
  else {
    attempt(() => writer?.close())
    port.postMessage({ type: 'closed' })
    port.close()
  }
})

openWriter()
// Without traffic secrets expire as well.
setInterval(() => writer && attempt(() => writer?.tidy(Date.now())), 30_000).unref()
