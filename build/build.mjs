/** `npm run build`: generated files, then core, screens and desktop app in `dist/`. Ends with 1 when a step failed. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { bootstrap } from './bootstrap.mjs'
import { projectEnvironment, projectRoot } from './project-node.mjs'
import { fingerprint, forgetBuild, rememberBuild } from './stale.mjs'

/** In this order: the first one empties `dist/`, the others have a folder of their own in it. */
const bundles = [
  ['build/vite.core.config.ts'],
  ['build/vite.renderer.config.ts'],
  ['build/vite.electron.config.ts'],
  ['build/vite.electron.config.ts', '--mode', 'preload'],
]

/** Builds everything with the given Node 24; returns whether it succeeded. What the steps say goes to the terminal. */
export function build(node) {
  const run = (...args) =>
    spawnSync(node, args, { cwd: projectRoot, stdio: 'inherit', env: projectEnvironment(node) }).status === 0
  forgetBuild(projectRoot)
  if (existsSync(join(projectRoot, 'build', 'generate.ts')) && !run('build/generate.ts')) return false
  // Taken before bundling: a file saved meanwhile makes the next start build again.
  const builtFrom = fingerprint(projectRoot)
  if (!bundles.every((bundle) => run('node_modules/vite/bin/vite.js', 'build', '--config', ...bundle))) return false
  rememberBuild(projectRoot, builtFrom)
  return true
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  if (!build(bootstrap())) {
    console.error('The build failed; what is wrong stands above.')
    process.exit(1)
  }
}
