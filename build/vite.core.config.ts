import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { workerEntries } from './worker-entries.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The core and its command line as plain JavaScript for Node; packages stay in node_modules. */
// oxlint-disable-next-line import/no-default-export -- the tool reads the default export
export default defineConfig({
  root,
  logLevel: 'warn',
  plugins: [workerEntries()],
  build: {
    ssr: true,
    outDir: 'dist',
    emptyOutDir: true,
    target: 'node20',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: { gatehouse: 'gateway-core/cli/main.ts' },
      external: (id) =>
        !id.startsWith('.') && !id.startsWith('/') && !/^[A-Za-z]:[\\/]/.test(id) && !id.startsWith('\0'),
      output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
