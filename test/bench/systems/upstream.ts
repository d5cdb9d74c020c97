import { freePort } from '../processes.ts'
import type { Running } from '../processes.ts'
import { startNginx } from './nginx.ts'

/** What the upstream of every scenario answers: about 100 bytes of JSON. */
export const upstreamBody =
  '{"id":"1","title":"A history of reckoning machines","author":"Ada Lovelace","year":1843,"inPrint":true}'

/** A tiny nginx that answers at once, the same for each gateway, so that what differs is the gateway. */
export async function startUpstream(folder: string): Promise<Running> {
  const port = await freePort()
  const server = `server {
    listen 127.0.0.1:${port} backlog=1024;
    default_type application/json;
    location / { return 200 '${upstreamBody}'; }
  }`
  return startNginx(folder, 'upstream', port, server)
}
