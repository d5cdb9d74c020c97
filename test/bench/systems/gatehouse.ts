import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openFile } from '../../../gateway-core/capture/database.ts'
import { stringify } from 'yaml'
import { ordersDocument } from '../orders.ts'
import { freePort, startServer } from '../processes.ts'
import type { Running } from '../processes.ts'
import type { Setting, System } from './system.ts'

const projectRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))))
export const gatehouseProgram = join(projectRoot, 'build', 'gatehouse.mjs')

/** Starts Gatehouse on a workspace written for it: one API with these policies in front of the upstream. */
export async function startGatehouse(
  { folder, upstreamPort }: Pick<Setting, 'folder' | 'upstreamPort'>,
  api: { policies?: readonly object[]; openapi?: object } = {},
  { capture = true, settings = {} }: { capture?: boolean; settings?: object } = {},
): Promise<Running> {
  const port = await freePort()
  mkdirSync(folder, { recursive: true })
  if (api.openapi) writeFileSync(join(folder, 'openapi.json'), JSON.stringify(api.openapi))
  const workspace = {
    gatehouse: 1,
    listen: { http: `127.0.0.1:${port}` },
    upstreams: { origin: { targets: [{ url: `http://127.0.0.1:${upstreamPort}` }] } },
    ...settings,
    apis: [
      {
        name: 'bench',
        ...(api.openapi ? { openapi: 'openapi.json' } : {}),
        ...(api.policies ? { policies: api.policies } : {}),
        routes: [{ path: '/*', upstream: 'origin' }],
      },
    ],
  }
  writeFileSync(join(folder, 'gatehouse.yaml'), stringify(workspace))
  const args = [gatehouseProgram, 'serve', folder, '--capture', capture ? 'on' : 'off', '--quiet']
  const running = await startServer(process.execPath, args, port)
  return capture ? { ...running, captured: () => lastCaptured(folder) } : running
}

/** The number of the last exchange in the capture; they are counted from 1, and retention removes the first. */
function lastCaptured(folder: string): number {
  const database = openFile(join(folder, '.gatehouse', 'captures.db'))
  try {
    const row = database.prepare('SELECT max(seq) AS last FROM exchanges').get() as { last: number | null }
    return row.last ?? 0
  } finally {
    database.close()
  }
}

/** Scenario 1. */
export const plainGatehouse: System[] = [
  { name: 'gatehouse', start: (setting) => startGatehouse(setting) },
  { name: 'gatehouse, capture off', start: (setting) => startGatehouse(setting, {}, { capture: false }) },
]

/** Scenario 2. */
export const tokenGatehouse: System = {
  name: 'gatehouse',
  start(setting) {
    const { issuer, limit } = setting
    const jwt = { issuer: issuer.url, audience: issuer.audience, algorithms: ['RS256'] }
    const policies = [{ 'jwt-auth': jwt }, { 'rate-limiting': { limit, window: '1m', by: 'consumer' } }]
    return startGatehouse(setting, { policies })
  },
}

/** Scenario 3. */
export const validationGatehouse: System = {
  name: 'gatehouse',
  start: (setting) => startGatehouse(setting, { policies: [{ 'request-validation': {} }], openapi: ordersDocument }),
}
