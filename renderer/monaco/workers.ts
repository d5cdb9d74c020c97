/** Finds words and differences off the main thread. */
export function startEditorWorker(): Worker {
  return new Worker(new URL('./editor-worker.ts', import.meta.url), { type: 'module', name: 'editor' })
}

/** Completion and hover for YAML. */
export function startYamlWorker(): Worker {
  return new Worker(new URL('./yaml-worker.ts', import.meta.url), { type: 'module', name: 'yaml' })
}

/** Completion and hover for JSON: the file that the editor itself names, so that it is there once. */
export function startJsonWorker(): Worker {
  return new Worker(
    new URL('../../node_modules/monaco-editor/esm/vs/languages/features/json/json.worker.js', import.meta.url),
    { type: 'module', name: 'json' },
  )
}

/** A language's worker waits for two messages: the first wakes it, the second is what it starts with. */
export function startWith(worker: Worker, data: unknown): Worker {
  worker.postMessage('ignore')
  worker.postMessage(data)
  return worker
}
