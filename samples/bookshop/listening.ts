import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Starts a server and returns the base URL it answers on, such as `http://127.0.0.1:9001`.
 * Port 0 asks the system for a free port. Rejects with a message that names the port and the way out when the port is taken.
 */
export function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') return reject(error)
      reject(
        new Error(`${host}:${port} is already in use. Stop what listens there, or choose another port with --port.`),
      )
    }
    server.once('error', failed)
    server.listen(port, host, () => {
      server.off('error', failed)
      const address = server.address() as AddressInfo
      const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
      resolve(`http://${name}:${address.port}`)
    })
  })
}

/** Stops a server at once: open connections, event streams included, are cut. Resolves when the port is free again. */
export function stop(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()))
    server.closeAllConnections()
  })
}

/** Calls `close` once when the person presses Ctrl-C or the process is asked to end, then exits with status 0. */
export function closeOnSignal(close: () => Promise<void>): void {
  const end = () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('SIGINT', end)
  process.once('SIGTERM', end)
}
