/**
 * `npm run package -- [target …]`: the desktop app, packed by electron-builder into `dist/package`. Without a target an
 * unpacked folder; targets are AppImage, deb, dmg and nsis, which need their tools from the network.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrap } from './bootstrap.mjs'
import { build } from './build.mjs'
import { findElectron } from './electron-runtime.mjs'
import { projectEnvironment, projectRoot } from './project-node.mjs'
import { isStale } from './stale.mjs'

const targets = process.argv.slice(2)
const node = bootstrap()
if (isStale(projectRoot) && !build(node)) fail('The build failed, so nothing was packed; what is wrong stands above.')
const runtime = findElectron()
if (runtime.problem) fail(runtime.problem)
if (!runtime.official) {
  if (targets.length > 0)
    fail(`Only the official Electron is shipped, and here is a test runtime (${runtime.version}).`)
  console.log(`Packing with the test runtime, Electron ${runtime.version}: to try the package here, not to ship it.`)
}
const config = join(projectRoot, 'dist', 'electron-builder.config.mjs')
const module = JSON.stringify(new URL('./electron-builder.mjs', import.meta.url).href)
writeFileSync(
  config,
  `import { builderConfig } from ${module}\nexport default builderConfig(${JSON.stringify(runtime)})\n`,
)
const program = join(projectRoot, 'node_modules', 'electron-builder', 'cli.js')
const wanted = targets.length > 0 ? targets : ['--dir']
const { status } = spawnSync(node, [program, ...wanted, '--config', config, '--publish', 'never'], {
  cwd: projectRoot,
  stdio: 'inherit',
  env: projectEnvironment(node),
})
if (status !== 0) fail('electron-builder failed; what is wrong stands above.')
console.log(`The package is in ${join(projectRoot, 'dist', 'package')}`)

function fail(message) {
  console.error(message)
  process.exit(2)
}
