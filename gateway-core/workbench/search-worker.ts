import { parentPort, workerData } from 'node:worker_threads'
import { type Density, openCaptures } from '../capture/store.ts'
import { countSteps, type JudgedAlike, type StepCounts } from '../rejudge/coverage.ts'
import type { FromSearch, SearchSetup, ToSearch } from './search-messages.ts'

// The thread that searches captures: an expression over a hundred thousand bodies takes a while, and the gateway must not wait.

const port = parentPort!
const captures = openCaptures((workerData as SearchSetup).folder)
const running = new Set<number>()

port.on('message', (message: ToSearch) => {
  if (message.kind === 'cancel') running.delete(message.id)
  else if (message.kind === 'close') {
    running.clear()
    captures.close()
    port.close()
  } else if (message.kind === 'steps' || message.kind === 'density' || message.kind === 'when') count(message)
  else {
    running.add(message.id)
    void run(message)
  }
})

async function run(message: Extract<ToSearch, { kind: 'search' | 'since' }>): Promise<void> {
  const { id, query } = message
  let newest = 0
  let problem: string | undefined
  try {
    newest = captures.list({ limit: 1 })[0]?.sequence ?? 0
    const stretches =
      message.kind === 'search'
        ? captures.sequences({ query, order: message.order, before: message.before })
        : captures.sequences({ query, order: 'oldest', after: message.after, before: newest + 1 })
    for (const found of stretches) {
      if (found.length > 0) tell({ kind: 'found', id, list: Float64Array.from(found) })
      // Messages that came meanwhile are read: this search may not be wanted any more.
      await new Promise((resolve) => setImmediate(resolve))
      if (!running.has(id)) return
    }
  } catch (error) {
    problem = (error as Error).message
  }
  if (running.delete(id)) tell({ kind: 'done', id, newest, ...(problem !== undefined && { problem }) })
}

function count(message: Extract<ToSearch, { kind: 'steps' | 'density' | 'when' }>): void {
  const { id } = message
  try {
    tell({ kind: 'counted', id, counts: countsOf(message) })
  } catch (error) {
    tell({ kind: 'done', id, newest: 0, problem: (error as Error).message })
  }
}

function countsOf(message: Parameters<typeof count>[0]): StepCounts | Density {
  if (message.kind === 'steps') return countSteps(alike(message.query))
  if (message.kind === 'density') return captures.density(message.query, message.parts)
  return whenOf(message.sequences, message.parts)
}

const chunk = 2000

function whenOf(sequences: readonly number[], parts: number): Density {
  const { oldest: from = 0, newest: to = 0 } = captures.stats()
  const exchanges = Array.from({ length: parts }, () => 0)
  for (let at = 0; at < sequences.length; at += chunk) {
    for (const { startedAt } of captures.rows(sequences.slice(at, at + chunk))) {
      exchanges[Math.min(parts - 1, Math.floor(((startedAt - from) * parts) / Math.max(1, to - from)))]!++
    }
  }
  return { from, to, exchanges, denied: [] }
}

function* alike(query: string): Generator<JudgedAlike> {
  for (const { context, exchanges } of captures.contexts(query)) yield { trace: context.shape, exchanges }
}

function tell(message: FromSearch): void {
  port.postMessage(message, message.kind === 'found' ? [message.list.buffer] : [])
}
