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

/** Xvfb chooses a free number by itself and tells it once it takes connections. */
function startDisplay(): Promise<string> {
  const server = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x1000x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  process.once('exit', () => server.kill())
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`Xvfb does not start: ${error.message}`)))
    server.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
    ;(server.stdio[3] as Readable).once('data', (number: Buffer) => resolve(`:${number.toString().trim()}`))
  })
}
