import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeJwt } from 'jose'
import { afterAll, expect, test } from 'vitest'
import { openKeyRing } from '../../samples/bookshop/identity-provider/key-file.ts'
import { startServices } from '../../samples/bookshop/services.ts'

const folder = mkdtempSync(join(tmpdir(), 'bookshop-services-'))
const keyFile = join(folder, 'keys.json')
afterAll(() => rmSync(folder, { recursive: true }))

const sample = (path: string) => fileURLToPath(new URL(`../../samples/bookshop/${path}`, import.meta.url))

/** Runs Node with arguments until it ends by itself, or asks it to end (once) after it printed `endAfter`. */
function run(args: string[], endAfter?: string) {
  const child = spawn(process.execPath, args)
  let printed = ''
  let complained = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const before = printed
    printed += chunk.toString()
    if (endAfter && printed.includes(endAfter) && !before.includes(endAfter)) child.kill('SIGTERM')
  })
  child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()))
  return new Promise<{ code: number | null; printed: string; complained: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, printed, complained }))
  })
}

test('both start together, the lines say how to get a token, and closing frees the ports', async () => {
  const services = await startServices({ upstreamPort: 0, identityPort: 0, keyFile })
  const printed = services.lines.join('\n')
  const tokenUrl = /curl -s (\S+)\)/.exec(printed)?.[1] as string
  const upstreamUrl = /^upstream\s+(\S+)/.exec(printed)?.[1] as string
  const token = await (await fetch(tokenUrl)).text()
  expect(decodeJwt(token)).toMatchObject({ sub: 'ben', aud: 'books' })
  const answer = await fetch(`${upstreamUrl}/users/me`, { headers: { authorization: `Bearer ${token}` } })
  expect(await answer.json()).toMatchObject({ name: 'ben' })
  await services.close()
  await expect(fetch(`${upstreamUrl}/health`)).rejects.toThrow('fetch failed')
  await expect(fetch(tokenUrl)).rejects.toThrow('fetch failed')
})

test('a taken port is named, and the other service does not stay behind', async () => {
  const taken = createServer()
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
  const { port } = taken.address() as AddressInfo
  const free = await freePort()
  await expect(startServices({ upstreamPort: free, identityPort: port, keyFile })).rejects.toThrow(
    `127.0.0.1:${port} is already in use. Stop what listens there, or choose another port with --port.`,
  )
  await expect(fetch(`http://127.0.0.1:${free}/health`)).rejects.toThrow('fetch failed')
  await new Promise((resolve) => taken.close(resolve))
})

test('start, use and stop leaves nothing open: the process ends by itself, and prints nothing of its own', async () => {
  await openKeyRing(keyFile)
  const script = `
    import { startServices } from ${JSON.stringify(sample('services.ts'))}
    const services = await startServices({ upstreamPort: 0, identityPort: 0, keyFile: ${JSON.stringify(keyFile)} })
    const url = /curl -s ([^)]+)/.exec(services.lines.join())[1]
    const token = await (await fetch(url)).text()
    await services.close()
    console.log(token.split('.').length)`
  const started = performance.now()
  expect(await run(['--input-type=module', '-e', script])).toEqual({ code: 0, printed: '3\n', complained: '' })
  expect(performance.now() - started).toBeLessThan(20_000)
})

test.each([
  ['identity-provider/server.ts', 'TOKEN=$(curl', 1500],
  ['upstream/server.ts', 'weak on purpose', 1500],
])('%s runs from the command line, starts within its time, and ends on a signal', async (path, ready, limitMs) => {
  // Processor time, not the clock: neighbours on a busy machine change the clock.
  const script = `
    process.once('exit', () => { const { user, system } = process.cpuUsage(); console.log('cpu ' + (user + system) / 1000) })`
  const preload = `data:text/javascript,${encodeURIComponent(script)}`
  const args = ['--import', preload, sample(path), '--port', '0']
  const { code, printed, complained } = await run(args, ready)
  expect({ code, complained }).toEqual({ code: 0, complained: '' })
  expect(Number(/cpu ([\d.]+)/.exec(printed)?.[1])).toBeLessThan(limitMs)
})

test.each([
  [['--port', 'nine'], '--port nine is not a port'],
  [['--prot', '9'], "Unknown option '--prot'"],
])('%j ends with status 2 and says why', async (args, message) => {
  const { code, complained } = await run([sample('upstream/server.ts'), ...args])
  expect(code).toBe(2)
  expect(complained).toContain(message)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
