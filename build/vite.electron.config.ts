import { builtinModules } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { workerEntries } from './worker-entries.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const builtin = new Set(builtinModules)

/**
 * What stays a package: Electron itself, what Node has, what is native, and what others only try to load.
 * Everything else is bundled, since an app's main script, preload script and core are CommonJS and many packages are not.
 */
const packages = new Set(['electron', 'libsql', 'bufferutil', 'utf-8-validate'])

/**
 * The desktop app: `main.cjs`, `core-process.cjs` and, with `--mode preload`, `preload.cjs`, which must be one file since
 * a sandboxed preload script cannot load others. CommonJS that Electron 25 and later run.
 */
// oxlint-disable-next-line import/no-default-export -- the tool reads the default export
export default defineConfig(({ mode }) => ({
  root,
  logLevel: 'warn',
  plugins: [workerEntries('cjs')],
  ssr: { noExternal: true },
  build: {
    ssr: true,
    outDir: join(root, 'dist', 'electron'),
    emptyOutDir: mode !== 'preload',
    target: 'node18',
    minify: false,
    sourcemap: mode !== 'preload',
    rolldownOptions: {
      input: inputs(mode),
      external: (id: string) => id.startsWith('node:') || builtin.has(id) || packages.has(id),
      output: { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' },
    },
  },
}))

function inputs(mode: string): Record<string, string> {
  if (mode === 'preload') return { preload: 'electron/preload.ts' }
  return { main: 'electron/main.ts', 'core-process': 'gateway-core/workbench/core-process.ts' }
}
