import type { MessagePortMain, UtilityProcess } from 'electron'
import type { CoreStatus, FromCore, ToCore } from '../gateway-core/protocol/desktop.ts'
import type { CoreEvents, CoreLink } from './core-link.ts'
import type { KeychainAnswer } from './keychain.ts'

export interface CoreProcessOptions {
  /** Starts the process; called again after a crash. */
  fork(): UtilityProcess
  /** What it opens first. After a crash it opens what was open then. */
  start: Extract<ToCore, { kind: 'start' }>
  events: CoreEvents
  keyFor(folder: string): Promise<KeychainAnswer>
  now?: () => number
}

/** Milliseconds before the first, second, … start after a crash; one that crashes more often within a minute stays down. */
const delays = [0, 500, 1000, 3000, 8000]
const crashWindowMs = 60_000
/** Time for open exchanges to finish when the window closes, in milliseconds. */
const stopGraceMs = 5000
/** What is kept of its last words. */
const lastWordsLength = 4000

/**
 * Keeps a core process running. When it dies it is started again with what was open, after a while that grows; the
 * reason is told. A core that dies again and again stays down until somebody asks for it.
 */
export class CoreProcess implements CoreLink {
  readonly #options: CoreProcessOptions
  readonly #now: () => number
  #process: UtilityProcess | undefined
  #ready = false
  #waiting: MessagePortMain[] = []
  #open: Extract<ToCore, { kind: 'start' }>['open']
  #status: CoreStatus = { state: 'starting', restarts: 0 }
  #crashes: number[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastWords = ''
  #stopping: (() => void) | undefined

  constructor(options: CoreProcessOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#open = options.start.open
    this.#fork()
  }

  get status(): CoreStatus {
    return this.#status
  }

  connect(port: MessagePortMain): void {
    if (this.#process && this.#ready) this.#process.postMessage({ kind: 'connect' } satisfies ToCore, [port])
    else this.#waiting.push(port)
  }

  restart(): void {
    if (this.#stopping) return
    this.#crashes = []
    clearTimeout(this.#timer)
    // One that hangs is ended first; its end starts the next.
    if (this.#process) this.#process.kill()
    else this.#fork()
  }

  stop(): Promise<void> {
    clearTimeout(this.#timer)
    const running = this.#process
    if (!running) {
      this.#stopping = () => undefined
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const deadline = setTimeout(() => running.kill(), stopGraceMs)
      this.#stopping = () => {
        clearTimeout(deadline)
        resolve()
      }
      running.postMessage({ kind: 'stop' } satisfies ToCore)
    })
  }

  #fork(): void {
    const child = this.#options.fork()
    this.#process = child
    this.#ready = false
    this.#lastWords = ''
    const hear = (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString()).slice(-lastWordsLength)
      process.stderr.write(chunk)
    }
    child.stderr?.on('data', hear)
    child.stdout?.on('data', (chunk: Buffer) => process.stdout.write(chunk))
    child.on('message', (message: FromCore) => void this.#take(child, message))
    child.on('exit', (code) => this.#ended(child, code))
    child.postMessage({ ...this.#options.start, open: this.#open } satisfies ToCore)
  }

  async #take(child: UtilityProcess, message: FromCore): Promise<void> {
    if (child !== this.#process) return
    if (message.kind === 'ready') {
      this.#ready = true
      for (const port of this.#waiting.splice(0)) this.connect(port)
      const { reason, state, restarts } = this.#status
      const again = state === 'starting' ? { restarts } : { restarts: restarts + 1, reason }
      this.#tell({ state: 'running', ...again })
    } else if (message.kind === 'workspace') {
      this.#open = message.folder === null ? null : { folder: message.folder }
      this.#options.events.workspace(message.folder, message.name)
    } else if (message.kind === 'key') {
      const answer = await this.#options.keyFor(message.folder)
      if (child === this.#process) {
        child.postMessage({ kind: 'key', folder: message.folder, ...answer } satisfies ToCore)
      }
    }
  }

  #ended(child: UtilityProcess, code: number): void {
    if (child !== this.#process) return
    this.#process = undefined
    this.#ready = false
    if (this.#stopping) return this.#stopping()
    const reason = endedText(code, this.#lastWords)
    const now = this.#now()
    this.#crashes = [...this.#crashes.filter((at) => now - at < crashWindowMs), now]
    const delay = delays[this.#crashes.length - 1]
    const restarts = this.#status.restarts
    if (delay === undefined) return this.#tell({ state: 'failed', reason, restarts })
    this.#tell({ state: 'restarting', reason, restarts })
    this.#timer = setTimeout(() => this.#fork(), delay)
  }

  #tell(status: CoreStatus): void {
    this.#status = status
    this.#options.events.status(status)
  }
}

/** Why a core ended, for people: its exit code, and the error that it wrote last where there is one. */
export function endedText(code: number, lastWords: string): string {
  // A stack trace names the error in its first line; what follows helps only us.
  const errors = lastWords
    .split('\n')
    .filter((line) => /^(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)\b/.test(line.trim()))
  const error = errors.at(-1)?.trim().slice(0, 300)
  const how = code === 0 ? 'ended by itself' : `ended with code ${code}`
  return error ? `the core ${how}: ${error}` : `the core ${how}`
}
