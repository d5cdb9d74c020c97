#!/usr/bin/env node
/** The command `gatehouse`: runs the built command line, on the project's own Node when the running one is too old for it. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findProjectNode, noProjectNodeMessage, projectRoot, replaceBy } from './project-node.mjs'

const program = join(projectRoot, 'dist', 'gatehouse.js')

if (!existsSync(program)) {
  console.error('Gatehouse is not built yet: run "npm run build" first.')
  process.exitCode = 2
} else if (Number(process.versions.node.split('.')[0]) >= 22) {
  process.argv[1] = program
  await import(pathToFileURL(program).href)
} else {
  const node = findProjectNode()
  if (node) replaceBy(node, [program, ...process.argv.slice(2)], process.env)
  else {
    console.error(noProjectNodeMessage())
    process.exitCode = 2
  }
}
