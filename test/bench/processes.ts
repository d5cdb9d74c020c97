import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A gateway (or upstream) that runs and answers on loopback. */
export interface Running {
  readonly pid: number
  readonly port: number
  /** How many exchanges it has captured since its start, for a gateway that should capture each. */
  captured?(): number
  stop(): Promise<void>
}

const started = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of started) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** A port that is free now, on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts a program and waits until it answers HTTP on its port; what it said is in the error when it does not. */
export async function startServer(command: string, args: readonly string[], port: number): Promise<Running> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  started.add(child)
  let said = ''
  const listen = (text: Buffer) => {
    said = (said + text.toString()).slice(-4000)
  }
  child.stdout.on('data', listen)
  child.stderr.on('data', listen)
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      said += error.message
      resolve()
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    const forced = setTimeout(() => child.kill('SIGKILL'), 5_000)
    await exited
    clearTimeout(forced)
    started.delete(child)
  }
  const deadline = Date.now() + 30_000
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined || Date.now() > deadline) {
      await stop()
      throw new Error(`${[command, ...args].join(' ')}\ndid not answer on port ${port}. It said:\n${said}`)
    }
    await sleep(50)
  }
  return { pid: child.pid as number, port, stop }
}

async function answers(port: number): Promise<boolean> {
  try {
    await (await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(2_000) })).arrayBuffer()
    return true
  } catch {
    return false
  }
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))
const pageBytes = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }))

interface Usage {
  /** CPU time used so far by the process, its threads and its children, in microseconds. */
  cpuMicros: number
  /** Resident memory of all of them, in bytes. */
  rssBytes: number
}

/** CPU and memory of a process together with all its descendants, from /proc. */
export function usageOf(pid: number): Usage {
  const children = new Map<number, number[]>()
  const stats = new Map<number, string[]>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    let stat: string
    try {
      stat = readFileSync(`/proc/${name}/stat`, 'latin1')
    } catch {
      continue // Ended while we were reading.
    }
    // The second field is the program's name in parentheses, and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    stats.set(Number(name), fields)
    const parent = Number(fields[1])
    children.set(parent, [...(children.get(parent) ?? []), Number(name)])
  }
  const usage: Usage = { cpuMicros: 0, rssBytes: 0 }
  const queue = [pid]
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const fields = stats.get(next)
    if (fields === undefined) throw new Error(`process ${next} ended while it was measured`)
    // utime and stime of all threads, then cutime and cstime of children that have ended (proc(5), fields 14 to 17).
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0)
    usage.cpuMicros += (ticks / ticksPerSecond) * 1e6
    usage.rssBytes += Number(fields[21]) * pageBytes
    queue.push(...(children.get(next) ?? []))
  }
  return usage
}
