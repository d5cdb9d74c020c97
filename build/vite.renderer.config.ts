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
  // The editor's language parts address Monaco by its old paths, and translate with a package that throws on half a line.
  resolve: {
    alias: [
      { find: /^monaco-editor\/esm\/vs\/(.*)$/, replacement: 'monaco-editor/$1' },
      { find: '@vscode/l10n', replacement: join(root, 'renderer', 'monaco', 'yaml-messages.ts') },
    ],
  },
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
