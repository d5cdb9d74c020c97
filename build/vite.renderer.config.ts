import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * The screens: static files that run under `app://` and under the browser mode's server alike, so every address is
 * relative. Nothing is inlined into the page: its content security policy allows scripts of its own files only.
 */
// oxlint-disable-next-line import/no-default-export -- the tool reads the default export
export default defineConfig({
  root: join(root, 'renderer'),
  base: './',
  logLevel: 'warn',
  plugins: [react()],
  // What the core's settings need at run time; the editor's language parts address Monaco by its old paths.
  resolve: { alias: [{ find: /^monaco-editor\/esm\/vs\/(.*)$/, replacement: 'monaco-editor/$1' }] },
  worker: { format: 'es' },
  build: {
    outDir: join(root, 'dist', 'renderer'),
    emptyOutDir: true,
    // The oldest Chromium that the window is tested in.
    target: 'chrome114',
    assetsInlineLimit: 0,
    sourcemap: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 8000,
  },
})
