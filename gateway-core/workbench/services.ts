import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { CannotRun } from './cannot-run.ts'

/** File of a workspace that starts what stands behind it. */
export const servicesFile = 'services.ts'

/** What a workspace's `services.ts` tells over IPC when everything it starts is ready. */
interface Ready {
  lines: string[]
  tries: string[]
}

/** A request that shows what a sample does. */
export interface SampleRequest {
  method: string
  target: string
  headers: [string, string][]
  body?: string
}

/** Services of a sample in a process of their own, so that they take no time from the gateway. */
export interface RunningServices extends Ready {
  /** Example requests with fresh credentials; undefined where the services know none. */
  requests(): Promise<SampleRequest[] | undefined>
  /** Resolves when they end, with the reason. */
  readonly ended: Promise<string>
  close(): Promise<void>
}

/**
 * Runs `services.ts` of a workspace as a child process. It sends `{lines, tries}` once it is ready, and ends when it is
 * told to (SIGTERM) or when this process is gone. `node` is a Node that runs TypeScript; this process's own without it.
 * Throws CannotRun when there is none or it does not start.
 */
export async function startServices(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
  node: string | undefined = ownNode(),
): Promise<RunningServices> {
  const file = join(folder, servicesFile)
  if (!existsSync(file)) throw new CannotRun('this workspace has no services.ts', 'leave --services out')
  if (node === undefined) {
    throw new CannotRun(
      'what stands behind the gateway of this sample does not run: it needs Node and its packages, which the installed app does not bring',
      'start it from the project (npm start), or set the upstreams to servers of your own',
    )
  }
  return new Promise((resolve, reject) => {
    // In a group of its own: Ctrl-C in the terminal ends the gateway first, which may still need its upstream.
    const child = spawn(node, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
      env: { ...env },
    })
    let said = ''
    child.stderr!.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-2000)
    })
    const ended = new Promise<string>((settle) => {
      child.once('exit', (code, signal) => {
        const why = said.trim() || (signal ?? `exit code ${code}`)
        reject(new CannotRun(`the services of the workspace did not start: ${why}`))
        settle(why)
      })
    })
    child.once('error', (error) =>
      reject(new CannotRun(`the services of the workspace did not start: ${error.message}`)),
    )
    child.once('message', (message) => {
      const { lines = [], tries = [] } = message as Partial<Ready>
      resolve({ lines, tries, ended, requests: () => requestsFrom(child), close: () => end(child, ended) })
    })
  })
}

/** This process's own binary where that is Node: Electron's would open another window. */
function ownNode(): string | undefined {
  return process.versions['electron'] === undefined ? process.execPath : undefined
}

async function end(child: ChildProcess, ended: Promise<unknown>): Promise<void> {
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 3000)
  await ended
  clearTimeout(timer)
}

const answerMs = 5000

/** Asks over IPC; services that know nothing of it stay silent. */
function requestsFrom(child: ChildProcess): Promise<SampleRequest[] | undefined> {
  return new Promise((resolve) => {
    const finish = (requests: SampleRequest[] | undefined) => {
      clearTimeout(timer)
      child.off('message', take)
      child.off('exit', none)
      resolve(requests)
    }
    const none = () => finish(undefined)
    const take = (message: unknown) => {
      const { requests } = message as { requests?: SampleRequest[] }
      if (Array.isArray(requests)) finish(requests)
    }
    const timer = setTimeout(none, answerMs)
    child.on('message', take)
    child.once('exit', none)
    child.send({ want: 'requests' }, (error) => error && none())
  })
}
