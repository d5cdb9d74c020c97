import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ordersDocument } from '../orders.ts'
import { freePort, startServer } from '../processes.ts'
import type { System } from './system.ts'

const prismVersion = '5.16.0'
const projectRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
const prismFolder = join(projectRoot, 'node_modules', '.cache', 'bench-peers', `prism-${prismVersion}`)

/** Scenario 3, a JSON body validated against an OpenAPI document: what the others do. Prism as it starts logs each request. */
export const validationPeers: System[] = [prism('prism', []), prism('prism, silent', ['--verboseLevel', 'silent'])]

function prism(name: string, more: string[]): System {
  return {
    name,
    async start({ folder, upstreamPort }) {
      const program = installPrism()
      const port = await freePort()
      mkdirSync(folder, { recursive: true })
      const document = join(folder, 'orders.json')
      writeFileSync(document, JSON.stringify(ordersDocument))
      const upstream = `http://127.0.0.1:${upstreamPort}`
      const options = ['--errors', ...more, '-h', '127.0.0.1', '-p', String(port)]
      return startServer(process.execPath, [program, 'proxy', document, upstream, ...options], port)
    },
  }
}

/** Prism is too large to be installed for everyone: it is fetched when it is measured, and kept under node_modules. */
function installPrism(): string {
  const program = join(prismFolder, 'node_modules', '@stoplight', 'prism-cli', 'dist', 'index.js')
  if (existsSync(program)) return program
  console.error(`Installing @stoplight/prism-cli@${prismVersion} to compare with …`)
  mkdirSync(prismFolder, { recursive: true })
  writeFileSync(join(prismFolder, 'package.json'), '{"private":true}')
  const args = ['install', '--prefix', prismFolder, '--no-audit', '--no-fund', '--loglevel=error', '--ignore-scripts']
  const { status } = spawnSync('npm', [...args, `@stoplight/prism-cli@${prismVersion}`], { stdio: ['ignore', 2, 2] })
  if (status !== 0 || !existsSync(program)) {
    throw new Error(
      `prism could not be installed. Try: npm install --prefix ${prismFolder} @stoplight/prism-cli@${prismVersion}`,
    )
  }
  return program
}
