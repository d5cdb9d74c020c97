import { EventEmitter } from 'node:events'
import type { UtilityProcess } from 'electron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CoreProcess, endedText } from '../../electron/core-process.ts'
import type { CoreStatus, FromCore, ToCore } from '../../gateway-core/protocol/desktop.ts'

/** A core process as the main process sees it: what it was told, and what it says. */
class FakeProcess extends EventEmitter {
  told: ToCore[] = []
  ports: unknown[] = []
  killed = false
  stderr = new EventEmitter()
  stdout = new EventEmitter()
  postMessage(message: ToCore, ports: unknown[] = []) {
    this.told.push(message)
    this.ports.push(...ports)
  }
  kill() {
    this.killed = true
    this.emit('exit', 15)
    return true
  }
  say(message: FromCore) {
    this.emit('message', message)
  }
}

let now: number
let processes: FakeProcess[]
let statuses: CoreStatus[]
let workspaces: unknown[]
const last = () => processes.at(-1)!

beforeEach(() => {
  vi.useFakeTimers()
  vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  now = 1_000_000
  processes = []
  statuses = []
  workspaces = []
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function start(keyFor = async (_folder: string): Promise<{ key: string | null }> => ({ key: 'a key' })): CoreProcess {
  return new CoreProcess({
    fork() {
      processes.push(new FakeProcess())
      return last() as unknown as UtilityProcess
    },
    start: { kind: 'start', open: { sample: 'bookshop' }, samples: '/samples', node: null },
    events: { status: (status) => statuses.push(status), workspace: (...opened) => workspaces.push(opened) },
    keyFor,
    now: () => now,
  })
}

const port = (name: string) => name as never

describe('a core process', () => {
  it('is told what to open, and gets ports once it is ready', () => {
    const core = start()
    core.connect(port('early'))
    expect(last().told).toEqual([{ kind: 'start', open: { sample: 'bookshop' }, samples: '/samples', node: null }])
    last().say({ kind: 'ready' })
    core.connect(port('late'))
    expect(last().ports).toEqual(['early', 'late'])
    expect(statuses).toEqual([{ state: 'running', restarts: 0 }])
  })

  it('asks for the key of a workspace and gets it', async () => {
    start()
    last().say({ kind: 'key', folder: '/shop' })
    await vi.advanceTimersByTimeAsync(0)
    expect(last().told.at(-1)).toEqual({ kind: 'key', folder: '/shop', key: 'a key' })
  })

  it('that dies is started again with what was open, and the reason is told', () => {
    const core = start()
    last().say({ kind: 'ready' })
    last().say({ kind: 'workspace', folder: '/shop', name: 'Shop' })
    last().stderr.emit('data', Buffer.from('/core.cjs:1\nTypeError: it broke\n    at run (/core.cjs:1:7)\n'))
    last().emit('exit', 1)
    const reason = 'the core ended with code 1: TypeError: it broke'
    expect(core.status).toEqual({ state: 'restarting', reason, restarts: 0 })
    core.connect(port('while it is away'))
    vi.advanceTimersByTime(200)
    expect(processes).toHaveLength(2)
    expect(last().told[0]).toMatchObject({ kind: 'start', open: { folder: '/shop' } })
    last().say({ kind: 'ready' })
    expect(last().ports).toEqual(['while it is away'])
    expect(core.status).toEqual({ state: 'running', reason, restarts: 1 })
  })

  it('that dies again and again is started ever later, then stays down until it is asked for', () => {
    const core = start()
    const waits: number[] = []
    while (core.status.state !== 'failed') {
      last().emit('exit', 7)
      const count = processes.length
      let waited = 0
      vi.advanceTimersByTime(0)
      while (processes.length === count && waited < 20_000) {
        vi.advanceTimersByTime(100)
        waited += 100
      }
      now += waited
      if (processes.length > count) waits.push(waited)
    }
    expect(waits).toEqual([0, 500, 1000, 3000, 8000])
    expect(core.status).toMatchObject({ state: 'failed', reason: 'the core ended with code 7', restarts: 0 })
    core.restart()
    last().say({ kind: 'ready' })
    expect(core.status).toMatchObject({ state: 'running', restarts: 1 })
  })

  it('that dies now and then is always started soon', () => {
    start()
    for (let day = 0; day < 10; day++) {
      now += 86_400_000
      last().emit('exit', 1)
      vi.advanceTimersByTime(200)
      expect(processes).toHaveLength(day + 2)
    }
  })

  it('that hangs is ended and started again when somebody asks', () => {
    const core = start()
    last().say({ kind: 'ready' })
    core.restart()
    expect(processes[0]!.killed).toBe(true)
    vi.advanceTimersByTime(200)
    expect(processes).toHaveLength(2)
  })

  it('is asked to stop, and ended when it does not', async () => {
    const core = start()
    const stopped = core.stop()
    expect(last().told.at(-1)).toEqual({ kind: 'stop' })
    expect(last().killed).toBe(false)
    vi.advanceTimersByTime(5000)
    expect(last().killed).toBe(true)
    await stopped
    vi.advanceTimersByTime(60_000)
    expect(processes).toHaveLength(1)
  })

  it('that has been replaced is not heard any more', () => {
    start()
    const [first] = processes
    first!.emit('exit', 1)
    vi.advanceTimersByTime(200)
    first!.say({ kind: 'workspace', folder: '/old', name: 'Old' })
    first!.emit('exit', 1)
    expect(workspaces).toEqual([])
    expect(processes).toHaveLength(2)
  })
})

describe('why a core ended', () => {
  it.each([
    [0, '', 'the core ended by itself'],
    [9, '', 'the core ended with code 9'],
    [1, 'x\nRangeError: too much\n    at a (b:1)\n', 'the core ended with code 1: RangeError: too much'],
    [1, 'Error: first\nError: second\n', 'the core ended with code 1: Error: second'],
    [1, 'just words\n', 'the core ended with code 1'],
  ])('code %i, %j', (code, words, expected) => {
    expect(endedText(code, words)).toBe(expected)
  })
})
