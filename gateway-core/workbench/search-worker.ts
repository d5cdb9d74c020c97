import { parentPort, workerData } from 'node:worker_threads'
import { openCaptures } from '../capture/store.ts'
import { countSteps, type JudgedAlike } from '../rejudge/coverage.ts'
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
  } else if (message.kind === 'steps' || message.kind === 'density') count(message)
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

function count(message: Extract<ToSearch, { kind: 'steps' | 'density' }>): void {
  const { id, query } = message
  try {
    const counts = message.kind === 'steps' ? countSteps(alike(query)) : captures.density(query, message.parts)
    tell({ kind: 'counted', id, counts })
  } catch (error) {
    tell({ kind: 'done', id, newest: 0, problem: (error as Error).message })
  }
}

function* alike(query: string): Generator<JudgedAlike> {
  for (const { context, exchanges } of captures.contexts(query)) yield { trace: context.shape, exchanges }
}

function tell(message: FromSearch): void {
  port.postMessage(message, message.kind === 'found' ? [message.list.buffer] : [])
}
