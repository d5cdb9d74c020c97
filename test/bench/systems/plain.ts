import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, startServer } from '../processes.ts'
import { nginxUpstream, startNginx } from './nginx.ts'
import type { System } from './system.ts'

/** Scenario 1, nothing but forwarding: what the others do. */
export const plainPeers: System[] = [
  {
    name: 'nginx',
    async start({ folder, upstreamPort }) {
      const port = await freePort()
      const http = `${nginxUpstream(upstreamPort)}
  server { listen 127.0.0.1:${port}; location / { proxy_pass http://origin; } }`
      return startNginx(folder, 'nginx', port, http)
    },
  },
  {
    name: 'haproxy',
    async start({ folder, upstreamPort }) {
      const port = await freePort()
      mkdirSync(folder, { recursive: true })
      const config = join(folder, 'haproxy.cfg')
      writeFileSync(config, haproxyConfig(port, upstreamPort))
      return startServer('haproxy', ['-f', config], port)
    },
  },
  {
    name: 'http-proxy',
    async start({ upstreamPort }) {
      const port = await freePort()
      const program = fileURLToPath(new URL('./http-proxy-peer.ts', import.meta.url))
      return startServer(process.execPath, [program, String(port), String(upstreamPort)], port)
    },
  },
]

/** A whole HAProxy configuration on one thread; `rules` stand in its frontend, `more` after everything. */
export function haproxyConfig(port: number, upstreamPort: number, rules = '', more = ''): string {
  return `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  http-reuse always
frontend gate
  bind 127.0.0.1:${port}
  ${rules}
  default_backend origin
backend origin
  server one 127.0.0.1:${upstreamPort}
${more}`
}
