import { createServer } from 'node:net'
import type { Listen } from '../config/workspace.ts'

/** Milliseconds between two looks. */
const lookMs = 1000

/** Whether a gateway could not start because somebody else holds its address. */
export function isTaken(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
}

/** Waits until nobody else holds these addresses, and says so once. The returned function ends the waiting. */
export function whenFree(listen: Listen, freed: () => void): () => void {
  const addresses = [listen.http, listen.https, listen.proxy].filter((address) => address !== undefined)
  let ended = false
  let timer: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    const free = await Promise.all(addresses.map(({ host, port }) => isFree(host, port)))
    if (ended) return
    if (free.includes(false)) wait()
    else freed()
  }
  const wait = () => {
    timer = setTimeout(() => void look(), lookMs).unref()
  }
  wait()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

/** False only where the address is taken: what is wrong in another way does not mend by waiting. */
function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'EADDRINUSE'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}
