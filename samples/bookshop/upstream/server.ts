import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { readAddress } from '../command-line.ts'
import { closeOnSignal, listen, stop } from '../listening.ts'
import type { Reply } from './call.ts'
import { catalogueRoutes } from './catalogue.ts'
import { checkoutRoutes } from './checkout.ts'
import { coverImportRoutes } from './cover-import.ts'
import { customerRoutes } from './customers.ts'
import { labRoutes } from './lab.ts'
import { legacyRoutes } from './legacy.ts'
import { serveNotifications } from './notifications.ts'
import { orderRoutes } from './orders.ts'
import { compileRoutes } from './routing.ts'
import { searchRoutes } from './search.ts'
import { signInRoutes } from './sign-in.ts'
import { createStore, type Store } from './store.ts'
import { supplierRoutes } from './supplier.ts'
import { transferRoutes } from './transfers.ts'

const find = compileRoutes(
  transferRoutes,
  catalogueRoutes,
  searchRoutes,
  orderRoutes,
  checkoutRoutes,
  customerRoutes,
  signInRoutes,
  coverImportRoutes,
  supplierRoutes,
  labRoutes,
  legacyRoutes,
)

/**
 * Starts the bookshop's API: deliberately weak in every row of the OWASP API Security Top 10 (2023), see the table in
 * `samples/bookshop/README.md`. Never put it where others can reach it. Rejects when the port is taken.
 */
export async function startUpstream(
  options: { port?: number; host?: string } = {},
): Promise<{ url: string; close(): Promise<void> }> {
  const store = createStore()
  const server = createServer((request, response) => void answer(store, request, response))
  const closeNotifications = serveNotifications(server, store)
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 9001)
  return {
    url,
    async close() {
      closeNotifications()
      await stop(server)
      store.index.close()
    },
  }
}

async function answer(store: Store, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    misconfigure(request, response)
    const [path, search] = (request.url ?? '/').split('?', 2) as [string, string?]
    if (request.method === 'OPTIONS') return send(response, { status: 204 })
    const found = find(request.method ?? 'GET', path)
    if (!found) return send(response, { status: 404, body: { error: `nothing at ${request.method} ${path}` } })
    const query = new URLSearchParams(search)
    const reply = await found.handler({ request, response, params: found.params, query, store })
    if (reply) send(response, reply)
  } catch (error) {
    // API8:2023: whatever went wrong is told to the caller, with the stack.
    const { message, stack } = error as Error
    if (response.headersSent) response.destroy()
    else send(response, { status: 500, body: { error: message, stack, node: process.version } })
  }
}

/** API8:2023: names its version, lets every origin in with credentials, sets no security header at all. */
function misconfigure(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('X-Powered-By', `Bookshop/1.4 Node.js/${process.version}`)
  const { origin } = request.headers
  if (!origin) return
  response.setHeader('Access-Control-Allow-Origin', origin)
  response.setHeader('Access-Control-Allow-Credentials', 'true')
  response.setHeader('Access-Control-Allow-Methods', '*')
}

function send(response: ServerResponse, { status, body, headers = {} }: Reply): void {
  if (body === undefined) {
    response.writeHead(status, headers).end()
    return
  }
  const raw = typeof body === 'string' || Buffer.isBuffer(body)
  const bytes = raw ? body : JSON.stringify(body)
  const length = Buffer.byteLength(bytes)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers }).end(bytes)
}

if (import.meta.main) {
  const upstream = await startUpstream(readAddress({ port: 9001, host: '127.0.0.1' })).catch((error: Error) => {
    console.error(error.message)
    process.exit(1)
  })
  closeOnSignal(() => upstream.close())
  console.log(`Bookshop API ${upstream.url} (weak on purpose; keep it on this machine)`)
}
