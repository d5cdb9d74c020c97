import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { findBrowsers, startBrowser } from '../workbench/browsers.ts'
import { CannotRun } from './command.ts'
import type { Io } from './io.ts'
import { visible } from '../visible.ts'

type Env = Readonly<Record<string, string | undefined>>

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/**
 * Runs a program on our terminal to its end and resolves with its exit code (128 and the signal's number where a signal
 * ended it). Signals that we get are handed on. With `aside`, what it prints goes to stderr.
 */
export function runProgram(command: readonly string[], env: Env, aside: boolean): Promise<number> {
  const [program, ...words] = command as [string, ...string[]]
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      stdio: ['inherit', aside ? 2 : 'inherit', 'inherit'],
      env: { ...env },
      // Programs such as npm are scripts there.
      shell: process.platform === 'win32',
    })
    const handOn = forwarded.map((signal) => {
      const listener = () => {
        // A terminal sends these to the whole group: the program has it already.
        const byTerminal = process.stdin.isTTY && (signal === 'SIGINT' || signal === 'SIGQUIT')
        if (!byTerminal) child.kill(signal)
      }
      return [signal, listener] as const
    })
    for (const [signal, listener] of handOn) process.on(signal, listener)
    const settle = () => {
      for (const [signal, listener] of handOn) process.off(signal, listener)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle()
      const why = error.code === 'ENOENT' ? 'there is no such program' : (error.code ?? error.message)
      reject(new CannotRun(`${visible(program, 100)} cannot be run: ${why}`))
    })
    child.once('exit', (code, signal) => {
      settle()
      resolve(code ?? 128 + constants.signals[signal!])
    })
  })
}

/** Starts a browser with a profile of its own and waits until it is closed, or until we are told to stop. */
export async function runBrowser(
  io: Io,
  start: { proxy: string; caFile: string; ca: string; url: string; using: string | undefined },
): Promise<number> {
  const browsers = findBrowsers(io.env)
  const browser = start.using === undefined ? browsers[0] : browsers.find(({ id }) => id === start.using)
  if (!browser) {
    const there = browsers.map(({ id }) => id).join(', ')
    const screen = process.platform === 'linux' && !io.env['DISPLAY'] && !io.env['WAYLAND_DISPLAY']
    if (screen) throw new CannotRun('there is no screen for a browser here', 'set DISPLAY, or run a command')
    if (start.using === undefined)
      throw new CannotRun('no browser was found', 'install Chromium, Chrome, Edge, Brave or Firefox')
    throw new CannotRun(
      `--using ${visible(start.using, 40)} is not on this machine`,
      there ? `there is: ${there}` : undefined,
    )
  }
  const running = await startBrowser({ ...start, browser, env: io.env })
  io.tell(`${browser.name} with a profile of its own: close it, or press Ctrl-C, to end`)
  const stop = () => void running.close()
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  await running.ended
  process.off('SIGINT', stop)
  process.off('SIGTERM', stop)
  return 0
}
