/**
 * What must be true before anything of the project runs: a new enough Node, the dependencies of the lock file, and the
 * project's own Node 24. Syntax of Node 18 and no package.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProjectNode, nodeVersionProblem, noProjectNodeMessage, projectRoot } from './project-node.mjs'

/** Checks, installs when needed, and returns the path of Node 24; ends the process with 2 and a message when it cannot. */
export function bootstrap() {
  const problem = nodeVersionProblem(process.versions.node)
  if (problem) stop(problem)
  if (installNeeded(projectRoot)) install()
  const node = findProjectNode()
  if (!node) stop(noProjectNodeMessage())
  return node
}

const stampPath = (root) => join(root, 'node_modules', '.gatehouse-installed')
const lockHash = (lockText) => createHash('sha256').update(lockText).digest('hex')

/** Whether `node_modules` lacks something that the lock file names. Fast when nothing changed: one read and one hash. */
export function installNeeded(root) {
  const lockText = readText(join(root, 'package-lock.json'))
  if (!existsSync(join(root, 'node_modules'))) return true
  if (lockText === undefined) return false
  if (readText(stampPath(root)) === lockHash(lockText)) return false
  const installedText = readText(join(root, 'node_modules', '.package-lock.json'))
  if (installedText === undefined || !satisfies(JSON.parse(installedText), JSON.parse(lockText))) return true
  // Somebody ran npm by hand, and all is there: remember that instead of installing it again.
  writeFileSync(stampPath(root), lockHash(lockText))
  return false
}

/** Whether everything that the lock file wants stands in the list that npm keeps of what it installed (both parsed). */
export function satisfies(installed, lock) {
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true
    const found = installed.packages[path]
    return found ? found.version === wanted.version : Boolean(wanted.optional || wanted.peer)
  })
}

function install() {
  const hasLock = existsSync(join(projectRoot, 'package-lock.json'))
  const args = [hasLock ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error']
  console.log(`Installing dependencies (npm ${args.join(' ')}) …`)
  // Under `npm start` the path of npm itself is known, and runs without a shell on every system.
  const npm = process.env.npm_execpath
  const options = { cwd: projectRoot, stdio: 'inherit' }
  const result =
    npm && npm.endsWith('.js')
      ? spawnSync(process.execPath, [npm, ...args], options)
      : spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, {
          ...options,
          shell: process.platform === 'win32',
        })
  if (result.status === 0) {
    const lockText = readText(join(projectRoot, 'package-lock.json'))
    if (lockText !== undefined) writeFileSync(stampPath(projectRoot), lockHash(lockText))
    return
  }
  if (result.error) stop(`npm could not be started (${result.error.message}). It comes with Node: https://nodejs.org`)
  stop(`Installing the dependencies failed: npm ${args.join(' ')} ended with ${result.status ?? result.signal}; its own message stands above.
If it speaks of the network: see whether "npm ping" answers; behind a proxy, set HTTPS_PROXY or "npm config set https-proxy URL".
If it speaks of a lock file that is out of step with package.json: run "npm install" once.
Then run this command again.`)
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function stop(message) {
  console.error(message)
  process.exit(2)
}
