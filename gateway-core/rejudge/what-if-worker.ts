import { parentPort, workerData } from 'node:worker_threads'
import { WorkspaceKey } from '../config/workspace-key.ts'
import { Past } from './past.ts'
import { WhatIfError } from './what-if-error.ts'
import type { FromWhatIf, ToWhatIf, WhatIfSetup } from './what-if-messages.ts'

// The thread that judges the past again: a hundred thousand exchanges take seconds, and neither gateway nor screen may wait.

const port = parentPort!
const { key, ...setup } = workerData as WhatIfSetup
const running = new Map<number, AbortController>()
let past: Past | undefined
/** Questions are answered one after the other: they share what was read. */
let turn: Promise<void> = Promise.resolve()

port.on('message', (message: ToWhatIf) => {
  if (message.kind === 'cancel') running.get(message.id)?.abort()
  else if (message.kind === 'close') {
    for (const abort of running.values()) abort.abort()
    void turn.then(() => {
      past?.close()
      port.close()
    })
  } else {
    const abort = new AbortController()
    running.set(message.id, abort)
    turn = turn.then(() => run(message, abort.signal))
  }
})

async function run(message: Exclude<ToWhatIf, { kind: 'cancel' | 'close' }>, signal: AbortSignal): Promise<void> {
  const { id } = message
  try {
    signal.throwIfAborted()
    past ??= new Past({ ...setup, key: new WorkspaceKey(key) })
    tell({ kind: 'answer', id, answer: await answer(past, message, signal) })
  } catch (error) {
    const { suggestion, where } = error instanceof WhatIfError ? error : {}
    tell({ kind: 'failed', id, message: (error as Error).message, suggestion, where })
  } finally {
    running.delete(id)
  }
}

function answer(
  asked: Past,
  message: Exclude<ToWhatIf, { kind: 'cancel' | 'close' }>,
  signal: AbortSignal,
): Promise<unknown> {
  switch (message.kind) {
    case 'judge': {
      const { id, progress } = message
      const onProgress: Parameters<Past['judge']>[1] = progress
        ? { onProgress: (counts, fresh) => tell({ kind: 'progress', id, counts, fresh }) }
        : {}
      return asked.judge(message.question, { signal, ...onProgress })
    }
    case 'explain':
      return asked.explain(message.exchange, message.question)
    case 'shrink':
      return asked.shrink(message.exchange, message.question)
    case 'stateAt':
      return asked.stateAt(message.time)
    case 'stepThrough':
      return asked.stepThrough(message.exchange, message.changed, message.question)
  }
}

function tell(message: FromWhatIf): void {
  port.postMessage(message)
}
