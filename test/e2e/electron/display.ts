import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'

let shared: Promise<string> | undefined

/** A display for windows: the one that is there, else one in memory that lives as long as this process. */
export function display(): Promise<string> {
  const present = process.env['DISPLAY'] ?? ''
  if (present !== '' || process.platform !== 'linux') return Promise.resolve(present)
  shared ??= startDisplay()
  return shared
}

/**
 * Ends the display when the pipe to it closes: that happens with its user however that ends, killed or not, while
 * no handler of a process that is killed ever runs.
 */
const keeper = 'Xvfb "$@" & server=$!; cat > /dev/null; kill $server'

/** Xvfb chooses a free number by itself and tells it once it takes connections. */
function startDisplay(): Promise<string> {
  const args = ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp', '-noreset']
  const server = spawn('sh', ['-c', keeper, 'keeper', ...args], { stdio: ['pipe', 'ignore', 'ignore', 'pipe'] })
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`Xvfb does not start: ${error.message}`)))
    const said = server.stdio[3] as Readable
    said.once('data', (number: Buffer) => resolve(`:${number.toString().trim()}`))
    said.once('end', () => reject(new Error('Xvfb ended before it told its display')))
  })
}
