import { readFile } from 'node:fs/promises'
import { extname, join, normalize, sep } from 'node:path'
import type { Protocol } from 'electron'

/** Scheme and only host of the app's own pages. */
export const appScheme = 'app'
export const appOrigin = `${appScheme}://gatehouse`

/**
 * What a page of the app may load and run: its own files. Styles may stand inline because the editor writes them
 * (without, its lines have no height); scripts never, and nothing is compiled from text.
 */
export const contentSecurityPolicy = [
  `default-src 'none'`,
  `script-src 'self'`,
  `worker-src 'self'`,
  `style-src 'self' 'unsafe-inline'`,
  `font-src 'self' data:`,
  `img-src 'self' data:`,
  `connect-src 'self'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ')

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
}

/** Must run before the app is ready: makes `app:` a real origin, so that 'self' and storage mean something. */
export function registerAppScheme(protocol: Protocol): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the files of a folder as `app://gatehouse/…`. */
export function serveAppPages(protocol: Protocol, folder: string): void {
  protocol.handle(appScheme, (request) => answer(request, folder))
}

/** The answer to one request: a file of the folder, or 404. Exported for its tests. */
export async function answer(request: { url: string; method: string }, folder: string): Promise<Response> {
  const file = fileFor(request.url, folder)
  if (request.method !== 'GET' || file === undefined) return refusal(404)
  try {
    const bytes = await readFile(file)
    const type = types[extname(file)] ?? 'application/octet-stream'
    return new Response(bytes, { headers: { ...headers, 'content-type': type } })
  } catch {
    return refusal(404)
  }
}

/** The file that an address names, or nothing when it is not one of the app. */
function fileFor(address: string, folder: string): string | undefined {
  let url: URL
  let path: string
  try {
    url = new URL(address)
    path = decodeURIComponent(url.pathname)
  } catch {
    return undefined
  }
  if (url.protocol !== `${appScheme}:` || url.host !== 'gatehouse' || path.includes('\0')) return undefined
  const file = normalize(join(folder, path === '/' ? 'index.html' : path))
  return file.startsWith(normalize(folder) + sep) ? file : undefined
}

function refusal(status: number): Response {
  return new Response('', { status, headers: { ...headers, 'content-type': 'text/plain' } })
}
