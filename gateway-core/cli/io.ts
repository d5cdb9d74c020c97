import { styleText } from 'node:util'

/** Formats of `node:util` styleText that the command line uses. Colour only ever repeats what a word or mark says. */
export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan'

export type Paint = (style: Style, text: string) => string

/** Where a command reads, writes and looks around. */
export interface Io {
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** Colours for stdout and stderr: plain text where the stream is no terminal or NO_COLOR is set. */
  readonly paint: Paint
  readonly paintError: Paint
  /** Writes lines to stdout. */
  print(text: string): void
  /** Writes lines to stderr. */
  tell(text: string): void
}

let failed = false

/** The process's own streams. A reader that goes away (`| head`) ends the output, not the program with a stack. */
export function processIo(): Io {
  const { stdin, stdout, stderr, env } = process
  stdout.on('error', leave)
  stderr.on('error', leave)
  return {
    stdin,
    stdout,
    stderr,
    env,
    cwd: process.cwd(),
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    paintError: (style, text) => styleText(style, text, { stream: stderr }),
    print: (text) => void stdout.write(`${text}\n`),
    tell: (text) => void stderr.write(`${text}\n`),
  }
}

function leave(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return
  process.exitCode = 2
  if (failed) return
  failed = true
  process.stderr.write(`gatehouse: the output cannot be written (${error.code ?? error.message})\n`)
}

/** Writes a JSON value to stdout, readable for people and programs. */
export function printJson(io: Io, value: unknown): void {
  io.print(JSON.stringify(value, null, 2))
}
