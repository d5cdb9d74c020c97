import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

const projectRoot = dirname(dirname(import.meta.dirname))
const program = join(projectRoot, 'gateway-core', 'cli', 'main.ts')

export interface CliOptions {
  cwd?: string
  env?: Record<string, string>
  stdin?: string
}

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

/** Environment of a command: nothing of the machine's that changes what it prints. */
function environment(env: Record<string, string> = {}): Record<string, string> {
  const { PATH = '', HOME = '' } = process.env
  return { PATH, HOME, NO_COLOR: '1', ...env }
}

/** Runs the real command line to its end. */
export async function cli(args: readonly string[], { cwd, env, stdin }: CliOptions = {}): Promise<CliResult> {
  const child = spawn(process.execPath, [program, ...args], {
    ...(cwd && { cwd }),
    env: environment(env),
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdin.on('error', () => undefined)
  child.stdin.end(stdin ?? '')
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout, stderr }
}

/** A `serve` that runs. */
export interface Serving {
  child: ChildProcess
  url: string
  /** Everything printed so far. */
  readonly said: string
  readonly complained: string
  /** Resolves with all that was said once it matches, counted from what was said when it was last called. */
  says(pattern: RegExp): Promise<string>
  /** Sends a signal and resolves with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

const running = new Set<ChildProcess>()

/** Starts `serve` with these arguments and waits until it listens. */
export async function serving(args: readonly string[], options: CliOptions = {}): Promise<Serving> {
  const child = spawn(process.execPath, [program, 'serve', ...args], {
    ...(options.cwd && { cwd: options.cwd }),
    env: environment(options.env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let said = ''
  let complained = ''
  let read = 0
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text
    for (const check of waiting) check()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complained += text))
  const says = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const gone = () => reject(new Error(`ended before it said ${pattern}:\n${said}\n${complained}`))
      const check = () => {
        const match = pattern.exec(said.slice(read))
        if (!match) return
        const from = read
        read += match.index + match[0].length
        waiting.delete(check)
        child.off('close', gone)
        resolve(said.slice(from, read))
      }
      waiting.add(check)
      child.once('close', gone)
      check()
    })
  const started = await says(/https?:\/\/127\.0\.0\.1:\d+[^]*?(?:Try[^]*?\n\n(?:Change.*\n\n)?|"captures":[^\n]*\n)/)
  return {
    child,
    url: /(?:gateway +|"http":")(http:\/\/127\.0\.0\.1:\d+)/.exec(started)![1]!,
    get said() {
      return said
    },
    get complained() {
      return complained
    },
    says,
    async stop(signal = 'SIGINT') {
      if (child.exitCode !== null) return child.exitCode
      const closed = once(child, 'close')
      child.kill(signal)
      const [code] = (await closed) as [number | null]
      return code
    },
  }
}

/** Ends what a failed test left running. */
export function killServing(): void {
  for (const child of running) child.kill('SIGKILL')
}

/** A folder with files, for one test. */
export function folderWith(files: Readonly<Record<string, string>>): {
  folder: string
  write(path: string, text: string): void
  remove(): void
} {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
