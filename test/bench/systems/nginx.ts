import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startServer } from '../processes.ts'
import type { Running } from '../processes.ts'

/** Starts an nginx of its own, with one worker, from the given part of its `http` block. */
export async function startNginx(
  folder: string,
  name: string,
  port: number,
  http: string,
  main = '',
): Promise<Running> {
  const prefix = join(folder, name)
  mkdirSync(join(prefix, 'tmp'), { recursive: true })
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${prefix}/tmp/${kind};`,
  )
  const config = join(prefix, 'nginx.conf')
  writeFileSync(
    config,
    `${main}
user root;
daemon off;
worker_processes 1;
pid ${prefix}/nginx.pid;
error_log ${prefix}/error.log error;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_requests 100000000;
  ${paths.join('\n  ')}
  ${http}
}
`,
  )
  return startServer('nginx', ['-p', prefix, '-c', config], port)
}

/** The upstream as nginx names it, with connections that are kept. */
export function nginxUpstream(port: number): string {
  return `upstream origin { server 127.0.0.1:${port}; keepalive 64; keepalive_requests 100000000; }
  proxy_http_version 1.1;
  proxy_set_header Connection "";`
}
