import { closest } from '../config/closest.ts'
import { parseArguments } from './arguments.ts'
import { CannotRun, type Command } from './command.ts'
import { commandHelp, programHelp } from './help.ts'
import { type Io, processIo } from './io.ts'
import { visible } from '../visible.ts'
import { version } from '../version.ts'

interface Entry {
  name: string
  summary: string
  load(): Promise<Command>
}

/** Every command; each is loaded when it is asked for. */
const commands: readonly Entry[] = [
  {
    name: 'serve',
    summary: 'run the gateway and tell each decision as it falls',
    load: async () => (await import('./serve.ts')).serve,
  },
  {
    name: 'check',
    summary: 'all problems of a workspace, with file, line and what to write instead',
    load: async () => (await import('./check.ts')).check,
  },
  {
    name: 'decide',
    summary: 'judge a request without sending it, and print the trace',
    load: async () => (await import('./decide.ts')).decide,
  },
  {
    name: 'test',
    summary: 'run the policy tests of tests/*.yaml',
    load: async () => (await import('./test.ts')).test,
  },
  {
    name: 'send',
    summary: 'send a request through the gateway; print the response and the trace',
    load: async () => (await import('./send.ts')).send,
  },
  {
    name: 'replay',
    summary: 'run sequences, and send recorded traffic again and compare the decisions',
    load: async () => (await import('./replay.ts')).replay,
  },
  {
    name: 'requests',
    summary: 'read requests of curl, Postman, HAR and OpenAPI into .http files, and copy them as commands',
    load: async () => (await import('./requests.ts')).requests,
  },
  {
    name: 'capture',
    summary: 'list, show, export and import what was recorded',
    load: async () => (await import('./capture.ts')).capture,
  },
  {
    name: 'rules',
    summary: 'rules that change, answer, delay or break exchanges, in plain words',
    load: async () => (await import('./rules.ts')).rules,
  },
  {
    name: 'coverage',
    summary: 'how often recorded traffic exercised each policy and each of its answers',
    load: async () => (await import('./coverage.ts')).coverage,
  },
  {
    name: 'rejudge',
    summary: 'judge recorded traffic again by other policies, and tell what they change',
    load: async () => (await import('./rejudge.ts')).rejudge,
  },
  {
    name: 'run',
    summary: 'run a program or a browser, and see what it sends',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'ca',
    summary: 'the local CA: write its certificate, or say how to trust it',
    load: async () => (await import('./ca.ts')).ca,
  },
  {
    name: 'route',
    summary: 'make a route of a host that was observed',
    load: async () => (await import('./route.ts')).route,
  },
  {
    name: 'token',
    summary: 'take a token apart, make one, or try broken ones on a request',
    load: async () => (await import('./token.ts')).token,
  },
  {
    name: 'case',
    summary: 'write one exchange to a file, redacted, and show a colleague the same trace',
    load: async () => (await import('./case.ts')).caseCommand,
  },
  {
    name: 'secret',
    summary: 'set, list and remove the secrets of a workspace',
    load: async () => (await import('./secret.ts')).secret,
  },
]

async function run(words: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = words
  if (name === '--version' || name === '-v') {
    io.print(version)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    io.print(programHelp(commands, io.paint))
    return name === undefined ? 2 : 0
  }
  const wanted = name === 'help' ? rest[0]! : name
  const entry = commands.find((one) => one.name === wanted)
  if (!entry) {
    const names = commands.map((one) => one.name)
    const meant = closest(wanted, names)
    const suggestion = meant ? `did you mean "${meant}"?` : `there are: ${names.join(', ')}`
    throw new CannotRun(`there is no command "${visible(wanted, 60)}"`, suggestion)
  }
  const command = await entry.load()
  // What stands behind `--` belongs to another program.
  const end = command.rest ? rest.indexOf('--') : -1
  const own = end < 0 ? rest : rest.slice(0, end)
  if (name === 'help' || own.includes('--help') || own.includes('-h')) {
    io.print(commandHelp(command, io.paint))
    return 0
  }
  const parsed = parseArguments(command, rest)
  return command.run({ options: parsed.values as never, words: parsed.words, rest: parsed.rest, io })
}

/** What a person can mend: said without a stack. */
function knownTrouble(error: unknown): { message: string; suggestion?: string | undefined } | undefined {
  if (error instanceof CannotRun) return error
  if (!(error instanceof Error)) return undefined
  if (error.name === 'WorkspaceKeyError' || error.name === 'CaptureStoreError') return error
  const { code, syscall, path } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined || path === undefined) return undefined
  const reason = error.message.replace(/^[A-Z]+: /, '').split(', ', 1)[0]!
  return { message: `${visible(path, 200)}: ${reason} (${syscall}, ${code})` }
}

const io = processIo()
try {
  // Set, not called: what still waits in the streams is written first.
  const code = await run(process.argv.slice(2), io)
  process.exitCode ||= code
} catch (error) {
  const known = knownTrouble(error)
  if (known) {
    io.tell(`${io.paintError('red', 'gatehouse:')} ${known.message}${known.suggestion ? ` — ${known.suggestion}` : ''}`)
  } else {
    io.tell(`${io.paintError('red', 'gatehouse failed:')} ${error instanceof Error ? error.stack : String(error)}`)
  }
  process.exitCode = 2
}
