/**
 * `npm start -- [workspace] [options]`: installs when needed, builds when stale, then runs the gateway in the place of
 * this process.
 */
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { build } from './build.mjs'
import { coreEnvironment, coreOptions, projectEnvironment, projectRoot, replaceBy } from './project-node.mjs'
import { isStale } from './stale.mjs'

const given = process.argv.slice(2)
const namesWorkspace = given.length > 0 && !given[0].startsWith('-')
/** Without a workspace the sample runs, together with the services that it needs. */
const workspace = namesWorkspace ? [] : ['samples/bookshop', '--services']
const command = ['serve', ...workspace, ...given, '--human']

const node = bootstrap()
if (isStale(projectRoot)) {
  console.log('Building Gatehouse …')
  if (!build(node)) {
    console.error('The build failed, so nothing was started; what is wrong stands above.')
    process.exit(2)
  }
}
// A path that the user gives is relative to where npm was called; npm itself changes into the project.
process.chdir(namesWorkspace ? (process.env.INIT_CWD ?? process.cwd()) : projectRoot)
const program = join(projectRoot, 'dist', 'gatehouse.js')
replaceBy(node, [...coreOptions, program, ...command], coreEnvironment(projectEnvironment(node)))
