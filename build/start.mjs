/**
 * `npm start -- [workspace]`: installs when needed, builds when stale, then opens the desktop app in the place of this
 * process. Where there is no window to be had, one line says why, and the workbench is served to a browser instead.
 * `npm run gateway -- [workspace] [options]` (or `npm start -- --terminal`) runs the gateway alone, in the terminal.
 */
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { build } from './build.mjs'
import { displayProblem, findElectron, missingLibraries } from './electron-runtime.mjs'
import { coreEnvironment, coreOptions, projectEnvironment, projectRoot, replaceBy } from './project-node.mjs'
import { isStale } from './stale.mjs'

const { mode, given } = readMode(process.argv.slice(2))
const namesWorkspace = given.length > 0 && !given[0].startsWith('-')
const sample = 'samples/bookshop'

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

if (mode === 'terminal') serve(namesWorkspace ? [] : [sample, '--services'])
else {
  const window = mode === 'window' ? findWindow() : { problem: undefined }
  if (window.binary) openWindow(window)
  else {
    if (window.problem) console.log(`No window: ${window.problem}. Here is the same in a browser:`)
    serve([...(namesWorkspace ? [] : [sample]), '--ui'])
  }
}

/** The mode, and what is left for it. Options are those of the gateway: with them, it runs in the terminal as ever. */
function readMode(words) {
  const given = words.filter((word) => word !== '--terminal')
  if (given.length < words.length) return { mode: 'terminal', given }
  if (given.includes('--ui')) return { mode: 'browser', given: given.filter((word) => word !== '--ui') }
  const own = /^--(?:attach|sample)(?:=|$)/
  const options = given.filter((word) => word.startsWith('-') && !own.test(word))
  return { mode: options.length > 0 ? 'terminal' : 'window', given }
}

function serve(workspace) {
  const program = join(projectRoot, 'dist', 'gatehouse.js')
  const command = ['serve', ...workspace, ...given, '--human']
  replaceBy(node, [...coreOptions, program, ...command], coreEnvironment(projectEnvironment(node)))
}

/** An Electron that can show a window here, or one line that says why there is none. */
function findWindow() {
  const problem = displayProblem()
  if (problem) return { problem }
  const found = findElectron({ say: (line) => console.log(line) })
  if (found.problem) return found
  const missing = missingLibraries(found.binary)
  return missing.length > 0 ? { problem: `Electron lacks ${missing.join(', ')}` } : found
}

function openWindow({ binary }) {
  const workspace = given.length > 0 ? given : ['--sample=bookshop']
  // Chromium has no sandbox for root, as in containers.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  const env = { ...projectEnvironment(node), GATEHOUSE_NODE: node }
  delete env.ELECTRON_RUN_AS_NODE
  replaceBy(binary, [...sandbox, projectRoot, ...workspace], env)
}
