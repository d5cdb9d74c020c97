import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { build } from 'vite'
import { workerEntries } from '../../build/worker-entries.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-worker-test-'))
})
afterEach(() => rmSync(root, { recursive: true }))

async function bundle(files: Record<string, string>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [workerEntries()],
    build: { ssr: 'main.ts', outDir: 'dist', rolldownOptions: { output: { entryFileNames: '[name].js' } } },
  })
}

const starts = (worker: string) =>
  `import { Worker } from 'node:worker_threads'
   export const start = () => new Worker(new URL('${worker}', import.meta.url))`

test('a worker named by its source file runs from the bundle', async () => {
  await bundle({
    'main.ts': `export { start } from './capture/recorder.ts'`,
    'capture/recorder.ts': starts('./echo-worker.ts'),
    'capture/echo-worker.ts': `import { parentPort } from 'node:worker_threads'
      import { greeting } from './greeting.ts'
      parentPort?.postMessage(greeting as string)`,
    'capture/greeting.ts': `export const greeting = 'hello from the worker'`,
  })
  expect(readdirSync(join(root, 'dist')).sort()).toEqual(['echo-worker.js', 'main.js'])
  const { start } = (await import(join(root, 'dist/main.js'))) as { start: () => import('node:worker_threads').Worker }
  const worker = start()
  const message = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  await worker.terminate()
  expect(message).toBe('hello from the worker')
})

test('two workers of one name are refused', async () => {
  const files = {
    'main.ts': `export * from './a/start.ts'; export { start as other } from './b/start.ts'`,
    'a/start.ts': starts('./job-worker.ts'),
    'b/start.ts': starts('./job-worker.ts'),
    'a/job-worker.ts': '',
    'b/job-worker.ts': '',
  }
  await expect(bundle(files)).rejects.toThrow(/Two workers would both become job-worker\.js/)
})
