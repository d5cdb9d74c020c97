/** Runs a TypeScript file of the project with its own Node 24: `node build/run.mjs <file.ts> [arguments]`. */
import { resolve } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { projectRoot, replaceBy } from './project-node.mjs'

const [file, ...args] = process.argv.slice(2)
if (!file) {
  console.error('Usage: node build/run.mjs <file.ts> [arguments]')
  process.exit(2)
}
replaceBy(bootstrap(), [resolve(projectRoot, file), ...args])
