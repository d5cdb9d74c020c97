import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Gateway } from '../proxy/gateway.ts'

/** A gateway that another process runs on a workspace. */
export interface RunningGateway {
  pid: number
  http?: string
  https?: string
  /** URL of its forward proxy. */
  proxy?: string
}

/** Leaves a note in the workspace where its gateway is found. The returned function takes it away again. */
export function announceGateway(folder: string, addresses: Gateway['addresses']): () => void {
  const file = noteFile(folder)
  const { http, https, proxy } = addresses
  const note: RunningGateway = { pid: process.pid, http: http?.url, https: https?.url, proxy: proxy?.url }
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${JSON.stringify(note)}\n`)
  } catch {
    // A read-only folder: others will not find this gateway, which runs all the same.
  }
  return () => {
    if (readNote(file)?.pid === process.pid) rmSync(file, { force: true })
  }
}

/** Tells in the note of this process's gateway where its forward proxy is; undefined: closed. */
export function announceProxy(folder: string, proxy: string | undefined): void {
  const file = noteFile(folder)
  const note = readNote(file)
  if (note?.pid !== process.pid) return
  try {
    writeFileSync(file, `${JSON.stringify({ ...note, proxy })}\n`)
  } catch {
    // As above: others will not find it.
  }
}

/** The gateway that runs on a workspace now, or undefined. */
export function findRunningGateway(folder: string): RunningGateway | undefined {
  const note = readNote(noteFile(folder))
  return note && isAlive(note.pid) ? note : undefined
}

function noteFile(folder: string): string {
  return join(folder, '.gatehouse', 'gateway.json')
}

function readNote(file: string): RunningGateway | undefined {
  try {
    const note = JSON.parse(readFileSync(file, 'utf8')) as Partial<RunningGateway> | null
    return typeof note?.pid === 'number' ? (note as RunningGateway) : undefined
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
