import { relative } from 'node:path'
import { startIdentityProvider } from './identity-provider/server.ts'
import { closeOnSignal } from './listening.ts'
import { sampleRequests } from './sample-requests.ts'
import { startUpstream } from './upstream/server.ts'

/** What stands behind the bookshop's gateway while it runs. */
export interface Services {
  /** Lines for the person at the terminal: where things are and how to get a token. */
  lines: string[]
  close(): Promise<void>
}

/**
 * Starts the upstream and the identity provider that the bookshop's gateway talks to.
 * Rejects when a port is taken; then neither of the two is left running.
 */
export async function startServices(options: {
  upstreamPort: number
  identityPort: number
  keyFile?: string
}): Promise<Services> {
  const started = await Promise.allSettled([
    startUpstream({ port: options.upstreamPort }),
    startIdentityProvider({ port: options.identityPort, ...(options.keyFile && { keyFile: options.keyFile }) }),
  ])
  const [upstream, identity] = started
  if (upstream.status === 'rejected' || identity.status === 'rejected') {
    for (const service of started) if (service.status === 'fulfilled') await service.value.close()
    throw upstream.status === 'rejected' ? upstream.reason : (identity as PromiseRejectedResult).reason
  }
  return {
    lines: [
      `upstream           ${upstream.value.url} (weak on purpose: samples/bookshop/README.md)`,
      `identity provider  ${identity.value.url} (anna: editor, ben: reader, carla: admin)`,
      `a token            TOKEN=$(curl -s ${identity.value.url}/dev/token/ben)`,
    ],
    async close() {
      await Promise.all([upstream.value.close(), identity.value.close()])
    },
  }
}

/** Run by `gatehouse serve --services` as a process of its own: tells what to show over IPC, ends with its parent. */
if (import.meta.main) {
  const { BOOKSHOP_UPSTREAM_PORT = '9001', BOOKSHOP_IDENTITY_PORT = '9100' } = process.env
  const services = await startServices({
    upstreamPort: Number(BOOKSHOP_UPSTREAM_PORT),
    identityPort: Number(BOOKSHOP_IDENTITY_PORT),
  }).catch((error: Error) => {
    console.error(error.message)
    process.exit(1)
  })
  closeOnSignal(() => services.close())
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.on('message', (message: { want?: string }) => {
    if (message.want !== 'requests') return
    void sampleRequests(`http://127.0.0.1:${BOOKSHOP_IDENTITY_PORT}`).then((requests) => process.send?.({ requests }))
  })
  const token = services.lines.find((line) => line.includes('TOKEN='))!
  process.send?.({
    lines: [
      ...services.lines.filter((line) => line !== token),
      `an API key         KEY=$(npx gatehouse secret show mobile-app-key -w ${relative(process.cwd(), import.meta.dirname) || '.'})`,
    ],
    tries: [
      token.slice(token.indexOf('TOKEN=')),
      'curl -i {gateway}/books/1 -H "Authorization: Bearer $TOKEN"',
      `curl -i -X PATCH {gateway}/books/1 -H "Authorization: Bearer $TOKEN" --json '{"priceCents":499}'`,
      `curl -i -G {gateway}/search -H "Authorization: Bearer $TOKEN" --data-urlencode "q=x' OR 1=1 --"`,
    ],
  })
}
