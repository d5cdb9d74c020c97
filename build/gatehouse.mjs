#!/usr/bin/env node
/**
 * The command `gatehouse`: runs the built command line as the core is meant to run, on the project's own Node when the
 * running one is too old for it.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  coreEnvironment,
  coreOptions,
  findProjectNode,
  noProjectNodeMessage,
  projectRoot,
  replaceBy,
} from './project-node.mjs'

const program = join(projectRoot, 'dist', 'gatehouse.js')
const args = [...coreOptions, program, ...process.argv.slice(2)]
const env = coreEnvironment(process.env)

if (!existsSync(program)) {
  console.error('Gatehouse is not built yet: run "npm run build" first.')
  process.exitCode = 2
} else if (Number(process.versions.node.split('.')[0]) < 22) {
  const node = findProjectNode()
  if (node) replaceBy(node, args, env)
  else {
    console.error(noProjectNodeMessage())
    process.exitCode = 2
  }
} else {
  // Takes the place of this process; where the system has no such call (Windows), the options are left out.
  if (process.platform !== 'win32') process.execve?.(process.execPath, [process.execPath, ...args], env)
  process.argv[1] = program
  await import(pathToFileURL(program).href)
}
