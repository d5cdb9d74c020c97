import type { FromCore, ToCore } from '../protocol/desktop.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import { serveConnection } from '../protocol/rpc-server.ts'
import { messagePortTransport, type PortLike } from '../protocol/transport-message-port.ts'
import type { Refusal } from '../protocol/types.ts'
import { userFolders } from './user-folders.ts'
import { Workbench } from './workbench.ts'

/**
 * The entry of the core of a desktop window: a process that the main process starts, talks to by `ToCore` and
 * `FromCore`, and starts again when it dies. Each port that it is handed becomes a connection of the protocol.
 */
interface ParentPort {
  postMessage(message: FromCore): void
  on(event: 'message', listener: (event: { data: ToCore; ports: PortLike[] }) => void): void
}

const { parentPort } = process as typeof process & { parentPort: ParentPort }
const awaitedKeys = new Map<string, (answer: Extract<ToCore, { kind: 'key' }>) => void>()
let workbench: Workbench | undefined
/** Why the first workspace did not open; the first screen that connects shows it. */
let firstTrouble: Refusal | undefined

parentPort.on('message', ({ data, ports: [port] }) => {
  if (data.kind === 'start') void start(data)
  else if (data.kind === 'connect' && port) connect(port)
  else if (data.kind === 'key') awaitedKeys.get(data.folder)?.(data)
  else if (data.kind === 'stop') void stop()
})

/** Screens are let in only after the first workspace is open, or could not be opened: they never see a half of it. */
async function start({ open, samples, node }: Extract<ToCore, { kind: 'start' }>): Promise<void> {
  workbench = new Workbench({
    mode: 'electron',
    env: process.env,
    folders: userFolders(process.env),
    samples,
    ...(node !== null && { node }),
    keyOf: askForKey,
    onWorkspace: (folder, name) => parentPort.postMessage({ kind: 'workspace', folder, name }),
  })
  try {
    if (open && 'folder' in open) await workbench.open(open.folder)
    else if (open) await workbench.openSample(open.sample)
  } catch (error) {
    firstTrouble = error instanceof RpcError ? error.refusal() : { what: String(error), severity: 'error' }
  }
  parentPort.postMessage({ kind: 'ready' })
}

function connect(port: PortLike): void {
  serveConnection(messagePortTransport(port), {
    open(emit) {
      if (firstTrouble) emit('trouble', firstTrouble)
      firstTrouble = undefined
      return workbench!.connect(emit)
    },
    onBug: (call, error) => console.error(`bug in ${call}:`, error),
  })
}

/** The key that the system's keychain keeps, asked of the main process: this one has no keychain. */
async function askForKey(folder: string): Promise<string | null> {
  const answer = await new Promise<Extract<ToCore, { kind: 'key' }>>((resolve) => {
    awaitedKeys.set(folder, resolve)
    parentPort.postMessage({ kind: 'key', folder })
  })
  awaitedKeys.delete(folder)
  if (answer.problem !== undefined) throw refused(answer.problem)
  return answer.key
}

async function stop(): Promise<void> {
  await workbench?.close()
  process.exit(0)
}
