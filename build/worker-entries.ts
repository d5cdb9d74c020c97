import { basename, dirname, resolve } from 'node:path'
import type { Plugin } from 'vite'

const workerUrl = /new URL\(\s*(['"])(\.{1,2}\/[\w./-]*-worker)\.ts\1\s*,\s*import\.meta\.url\s*\)/g

/**
 * Makes `new Worker(new URL('./store-worker.ts', import.meta.url))` work in the bundle as it does in the sources: the
 * worker becomes an entry of its own (`store-worker.js`), and the address is rewritten to it. Everything in the bundle
 * stands in one flat folder, so the address is the same from each chunk; two workers of one name are an error.
 * `cjs` is for CommonJS bundles: without the name, Node would take the worker for a module.
 */
export function workerEntries(extension: 'js' | 'cjs' = 'js'): Plugin {
  const emitted = new Map<string, string>()
  return {
    name: 'gatehouse-worker-entries',
    buildStart() {
      emitted.clear()
    },
    transform(code, id) {
      if (!code.includes('-worker.ts')) return undefined
      const rewritten = code.replace(workerUrl, (_match, _quote: string, path: string) => {
        const source = resolve(dirname(id), `${path}.ts`)
        const fileName = `${basename(path)}.${extension}`
        const earlier = emitted.get(fileName)
        if (earlier === undefined) {
          emitted.set(fileName, source)
          this.emitFile({ type: 'chunk', id: source, fileName })
        } else if (earlier !== source) {
          this.error(`Two workers would both become ${fileName}: ${earlier} and ${source}. Rename one of them.`)
        }
        return `new URL('./${fileName}', import.meta.url)`
      })
      return rewritten === code ? undefined : { code: rewritten, map: null }
    },
  }
}
