import { execFile } from 'node:child_process'
import { readFile, readdir, readlink } from 'node:fs/promises'
import type { ListenAddress } from '../config/workspace.ts'

/** A process that listens on a port. */
export interface PortHolder {
  pid: number
  name: string
  command: string
}

/** Turns an error of `listen` into one that says what to do, and names who holds a taken port where the system tells. */
export async function explainListenError(
  error: NodeJS.ErrnoException,
  address: ListenAddress,
  scheme: 'http' | 'https' | 'proxy',
): Promise<Error> {
  const where = `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`
  const instead = `set listen.${scheme} in gatehouse.yaml to another address`
  if (error.code === 'EADDRINUSE') {
    const holder = await findPortHolder(address.port)
    if (!holder) return new Error(`${where} is taken by another process; stop it or ${instead}.`, { cause: error })
    const command = holder.command === '' ? '' : `: ${holder.command}`
    return new Error(`${where} is taken by ${holder.name} (pid ${holder.pid})${command}; stop it or ${instead}.`, {
      cause: error,
    })
  }
  if (error.code === 'EACCES') {
    return new Error(`${where} needs more rights than this process has; ${instead}, for example port 8080.`, {
      cause: error,
    })
  }
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return new Error(`${where} is not an address of this machine; ${instead}, for example 127.0.0.1:8080.`, {
      cause: error,
    })
  }
  return new Error(`${where} cannot be listened on (${error.code ?? error.message}); ${instead}.`, { cause: error })
}

/** Finds who listens on a TCP port, or undefined where the system does not tell (rights, platform). Never rejects. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  try {
    return process.platform === 'linux' ? await findByProc(port) : await findByLsof(port)
  } catch {
    return undefined
  }
}

// /proc/net/tcp: `sl local rem st … inode`; state 0A is LISTEN, ports are hexadecimal.
async function findByProc(port: number): Promise<PortHolder | undefined> {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const text = await readFile(table, 'utf8').catch(() => '')
    for (const line of text.split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(suffix) && fields[3] === '0A' && fields[9]) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  if (inodes.size === 0) return undefined
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const files = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const file of files) {
      if (!inodes.has(await readlink(`/proc/${pid}/fd/${file}`).catch(() => ''))) continue
      const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()
      const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter(Boolean)
      return { pid: Number(pid), name: name || 'a process', command: shorten(words.join(' ')) }
    }
  }
  return undefined
}

async function findByLsof(port: number): Promise<PortHolder | undefined> {
  const text = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'])
  const pid = /^p(\d+)$/m.exec(text)?.[1]
  if (pid === undefined) return undefined
  const command = await run('ps', ['-o', 'command=', '-p', pid]).catch(() => '')
  return { pid: Number(pid), name: /^c(.+)$/m.exec(text)?.[1] ?? 'a process', command: shorten(command.trim()) }
}

function run(program: string, words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, words, { timeout: 2_000 }, (error, out) => (error ? reject(error) : resolve(out)))
  })
}

// A command line may carry a password after its first words; they are enough to recognize it by.
function shorten(command: string): string {
  const words = command.split(' ').slice(0, 3).join(' ')
  return words.length > 80 ? `${words.slice(0, 79)}…` : words
}
