import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, relative, resolve, sep } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { withFilePaths } from '../replay/body-files.ts'
import {
  asSeenFrom,
  filesBelow,
  readCollection,
  requestNamed,
  requestsFolder,
  splitReference,
} from '../replay/collections.ts'
import { httpTextOf } from '../replay/http-file-text.ts'
import { importRequests } from '../replay/import/import.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { visible } from '../visible.ts'
import { copyAs, type CopyFormat, copyReplay } from '../workbench/copy-as.ts'
import { capturesIn } from './captures.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { shownPath, workspaceFolder } from './load.ts'

const formats: readonly CopyFormat[] = ['curl', 'httpie', 'fetch', 'http']

export const requests = defineCommand({
  usage: 'requests list | requests import <file|-> [--into file] | requests copy <file#name|exchange-id> [--as format]',
  about: `Requests that stand in .http files of a workspace.
  list    every one, with the name that sequences and copy know it by
  import  reads curl commands, a HAR, a Postman collection, an OpenAPI document or a .http file, and writes a .http file;
          to stdout without --into. What is not taken over is named.
  copy    a request of a file, or a recorded one, as a command or code that sends it; secrets stay markers
Exit code 0, 1 when something was not taken over, 2 when nothing could be read.`,
  options: {
    workspace: { type: 'string', short: 'w', value: 'folder', help: 'Folder of the workspace; else the current one.' },
    into: { type: 'string', value: 'file', help: 'Where import writes: a name in requests/ of the workspace.' },
    as: { type: 'string', value: formats.join('|'), help: 'What copy writes; default: curl.' },
    base: { type: 'string', value: 'url', help: 'Server of copied requests that name none: http://127.0.0.1:8080' },
  },
  words: 2,
  examples: [
    ['requests import collection.json --into shop', 'writes requests/shop.http'],
    ['requests copy "requests/shop.http#Log in" --as httpie', 'to send it from a shell'],
  ],
  json: `list: [{id, method, url}]; import: {kind, file, requests: [{name, method, url}], problems: [{what, line?, todo?}]};
copy: {text}`,
  async run({ options, words, io }) {
    const [action, what] = words
    const folder = workspaceFolder(io, options.workspace)
    const json = options.json === true
    try {
      if (action === 'list') return list(io, folder, json)
      if (what === undefined && (action === 'import' || action === 'copy')) {
        throw new CannotRun(
          `what to ${action}?`,
          action === 'import' ? 'name a file, or - for stdin' : 'name file#name',
        )
      }
      if (action === 'import') return await importFrom(io, folder, what!, options.into, json)
      if (action === 'copy') return await copy(io, folder, what!, options, json)
    } catch (error) {
      throw error instanceof ReplayError ? new CannotRun(error.message, error.todo) : error
    }
    throw new CannotRun(
      action === undefined ? 'what about requests?' : `there is no "requests ${visible(action, 40)}"`,
      'write requests list, import or copy',
    )
  },
})

function list(io: Io, folder: string, json: boolean): ExitCode {
  const found = filesBelow(folder, requestsFolder, /\.(?:http|rest)$/).flatMap((path) =>
    readCollection(folder, path, undefined).requests.map(({ name, request: { method, url } }) => ({
      id: `${path}#${name}`,
      method,
      url,
    })),
  )
  if (json) printJson(io, found)
  else
    for (const { id, method, url } of found)
      io.print(`${visible(id, 200)}  ${io.paint('dim', visible(`${method} ${url}`, 200))}`)
  return 0
}

async function importFrom(
  io: Io,
  folder: string,
  name: string,
  into: string | undefined,
  json: boolean,
): Promise<ExitCode> {
  const place = name === '-' ? io.cwd : dirname(resolve(io.cwd, name))
  const text = name === '-' ? await readAll(io.stdin) : textIn(io, name)
  const read = (path: string) => [place, folder].map((one) => bytesBelow(one, path)).find((bytes) => bytes)
  const {
    kind,
    requests: found,
    variables,
    problems,
  } = importRequests(text, {
    name: name === '-' ? 'pasted' : basename(name),
    read,
    readFile: (path) => read(path)?.toString('utf8'),
  })
  for (const { what, line, todo } of problems) {
    const where = line === undefined ? visible(name, 200) : `${visible(name, 200)}:${line}`
    io.tell(
      `${io.paintError('yellow', where)} ${visible(what, 300)}${todo === undefined ? '' : ` — ${visible(todo, 200)}`}`,
    )
  }
  if (found.length === 0) throw new CannotRun(`${visible(name, 200)} holds no request that could be read`)
  const file = into === undefined ? undefined : fileFor(io, folder, into)
  const seen = (path: string) =>
    file === undefined ? path : asSeenFrom(relative(folder, file).split(sep).join('/'), path)
  const written = httpTextOf(
    found.map((one) => ({ ...one, request: withFilePaths(one.request, seen) })),
    variables,
  )
  if (file !== undefined) {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, written)
  }
  if (json) {
    const about = found.map(({ name: title, request: { method, url } }) => ({ name: title, method, url }))
    printJson(io, { kind, file: file ?? null, requests: about, problems })
  } else if (file === undefined) io.print(written.trimEnd())
  else
    io.print(
      `${io.paint('green', '●')} ${shownPath(io, file)}: ${found.length} request${found.length === 1 ? '' : 's'}`,
    )
  return problems.length > 0 ? 1 : 0
}

function fileFor(io: Io, folder: string, into: string): string {
  const name = into.replace(/^requests\//, '').replace(/\.(?:http|rest)$/, '')
  if (!/^[\w. -]+(?:\/[\w. -]+)*$/.test(name) || name.split('/').includes('..')) {
    throw new CannotRun(`${visible(into, 100)} is no name for a file in requests/`, 'write --into shop')
  }
  const file = resolve(folder, requestsFolder, `${name}.http`)
  if (existsSync(file)) throw new CannotRun(`there is a file ${shownPath(io, file)} already`, 'choose another name')
  return file
}

async function copy(
  io: Io,
  folder: string,
  what: string,
  { as = 'curl', base }: { as?: string; base?: string },
  json: boolean,
): Promise<ExitCode> {
  const format = formats.find((one) => one === as)
  if (!format) throw new CannotRun(`there is no form "${visible(as, 40)}"`, `write one of ${formats.join(', ')}`)
  let text: string
  if (/\.(?:http|rest)(?:#|$)/.test(what)) {
    const { path, name } = splitReference(what)
    text = copyReplay(requestNamed(readCollection(folder, path, undefined), path, name).request, format, base)
  } else {
    const captures = capturesIn(io, folder, await loadWorkspaceKey(folder, io.env, { create: false }))
    try {
      const exchange = captures.get(what, { secrets: 'sealed' })
      if (!exchange) throw new CannotRun(`there is no exchange ${visible(what, 60)}`, 'see: gatehouse capture list')
      text = copyAs(exchange.request, format, base)
    } finally {
      captures.close()
    }
  }
  if (json) printJson(io, { text })
  else io.print(text.trimEnd())
  return 0
}

function textIn(io: Io, name: string): string {
  const bytes = bytesIn(resolve(io.cwd, name))
  if (bytes) return bytes.toString('utf8')
  throw new CannotRun(`${visible(name, 200)} cannot be read`, 'name a file, or - for stdin')
}

/** Files that a text names lie beside it, or in the workspace: somebody else wrote it, and gets nothing else read. */
function bytesBelow(folder: string, path: string): Buffer | undefined {
  const file = resolve(folder, path)
  const inside = file.startsWith(folder + sep) && !file.slice(folder.length).split(sep).includes('.gatehouse')
  return inside ? bytesIn(file) : undefined
}

function bytesIn(file: string): Buffer | undefined {
  try {
    return readFileSync(file)
  } catch {
    return undefined
  }
}
