import { createReadStream, realpathSync, statSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { extname, join, sep } from 'node:path'

/** What a page of ours may load: nothing but itself. Styles may be inline, because the editor measures with them. */
export const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "form-action 'none'",
].join('; ')

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.map': 'application/json; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
}

/** Names with a hash of their content never change what they mean. */
const hashed = /[-.][\w-]{8,}\.\w+$/

/** Serves the files of one folder, for GET and HEAD. Nothing outside of it can be named, links included. */
export function serveStatic(folder: string, request: IncomingMessage, response: ServerResponse): void {
  securityHeaders(response)
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    return end(response, 405, 'only GET and HEAD')
  }
  const file = fileOf(folder, request.url ?? '/')
  if (file === undefined) return end(response, 404, 'there is nothing here')
  const type = types[extname(file.path).toLowerCase()] ?? 'application/octet-stream'
  const cache = file.name.includes('/') && hashed.test(file.name) ? 'public, max-age=31536000, immutable' : 'no-cache'
  response.writeHead(200, { 'Content-Type': type, 'Content-Length': file.size, 'Cache-Control': cache })
  if (request.method === 'HEAD') response.end()
  else {
    createReadStream(file.path)
      .on('error', () => response.destroy())
      .pipe(response)
  }
}

export function securityHeaders(response: ServerResponse): void {
  response.setHeader('Content-Security-Policy', contentPolicy)
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.setHeader('Referrer-Policy', 'no-referrer')
  response.setHeader('X-Frame-Options', 'DENY')
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
}

export function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(`${text}\n`)
}

function fileOf(folder: string, target: string): { path: string; name: string; size: number } | undefined {
  let name: string
  try {
    name = decodeURIComponent(target.split(/[?#]/, 1)[0]!).replace(/^\/+/, '')
  } catch {
    return undefined
  }
  if (name === '') name = 'index.html'
  // Dot segments, hidden files, backslashes and drive letters name nothing that was built.
  if (!/^[\w@-][\w@.-]*(?:\/[\w@-][\w@.-]*)*$/.test(name)) return undefined
  try {
    const root = realpathSync(folder)
    const path = realpathSync(join(root, name))
    if (!path.startsWith(root + sep)) return undefined
    const found = statSync(path)
    return found.isFile() ? { path, name, size: found.size } : undefined
  } catch {
    return undefined
  }
}
