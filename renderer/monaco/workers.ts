/** Finds words and differences off the main thread. */
export function startEditorWorker(): Worker {
  return new Worker(new URL('./editor-worker.ts', import.meta.url), { type: 'module', name: 'editor' })
}

/** Completion and hover for YAML. */
export function startYamlWorker(): Worker {
  return new Worker(new URL('./yaml-worker.ts', import.meta.url), { type: 'module', name: 'yaml' })
}
