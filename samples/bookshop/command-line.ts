import { parseArgs } from 'node:util'

/**
 * Reads `--port` and `--host` from the command line.
 * Ends the process with status 2 and a message when an option is unknown or the port is no port.
 */
export function readAddress(defaults: { port: number; host: string }): { port: number; host: string } {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string' } } })
    const port = values.port === undefined ? defaults.port : Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
      throw new Error(`--port ${values.port} is not a port: write a number from 0 to 65535`)
    }
    return { port, host: values.host ?? defaults.host }
  } catch (error) {
    console.error((error as Error).message)
    process.exit(2)
  }
}
