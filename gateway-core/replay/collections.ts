import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { withFilePaths } from './body-files.ts'
import { type HttpFile, type HttpFileRequest, readHttpText } from './http-file.ts'
import { ReplayError } from './replay-error.ts'

/** Folders of a workspace that hold requests and sequences. */
export const requestsFolder = 'requests'
export const sequencesFolder = 'sequences'

const mostFiles = 1000
const deepest = 8

/** Paths of the files below a folder with one of these endings, sorted; those of hidden folders are left out. */
export function filesBelow(workspace: string, folder: string, ending: RegExp): string[] {
  const found: string[] = []
  const walk = (path: string, depth: number) => {
    if (depth > deepest || found.length >= mostFiles) return
    for (const entry of entriesOf(join(workspace, path))) {
      const inside = `${path}/${entry.name}`
      if (entry.isDirectory() && !entry.name.startsWith('.')) walk(inside, depth + 1)
      else if (entry.isFile() && ending.test(entry.name)) found.push(inside)
    }
  }
  walk(folder, 0)
  return found.sort((a, b) => (a < b ? -1 : 1)).slice(0, mostFiles)
}

/** Reads a `.http` file of a workspace with the values of its environment. Throws a ReplayError when there is none. */
export function readCollection(workspace: string, path: string, environment: string | undefined): HttpFile {
  const file = readHttpText(textOf(workspace, path))
  for (const one of file.requests) one.request = withFilePaths(one.request, (named) => fromFile(workspace, path, named))
  const values = environmentValues(workspace, path.split('/').slice(0, -1), environment)
  for (const [name, value] of values) if (!file.variables.has(name)) file.variables.set(name, value)
  return file
}

/** Other tools look for `./cover.png` beside the file that names it: where there is one it is meant, else the path is the workspace's. */
function fromFile(workspace: string, path: string, named: string): string {
  if (/^(?:\/|[a-z]:|.*\{\{)/i.test(named)) return named
  const beside = posix.normalize(posix.join(posix.dirname(path), named.replaceAll('\\', '/')))
  return !beside.startsWith('../') && existsSync(join(workspace, beside)) ? beside : named
}

/** A path of the workspace as a file of requests names it, for every tool that reads it. */
export function asSeenFrom(path: string, file: string): string {
  if (/^(?:\/|\.|[a-z]:|.*\{\{)/i.test(file)) return file
  const seen = posix.relative(posix.dirname(path), file)
  return seen.startsWith('.') ? seen : `./${seen}`
}

/** `requests/books.http#name` as file and name; without a name the first request is meant. */
export function splitReference(reference: string): { path: string; name: string | undefined } {
  const hash = reference.indexOf('#')
  return hash === -1
    ? { path: reference, name: undefined }
    : { path: reference.slice(0, hash), name: reference.slice(hash + 1) }
}

export function requestNamed(file: HttpFile, path: string, name: string | undefined): HttpFileRequest {
  const found = name === undefined ? file.requests[0] : file.requests.find((one) => one.name === name)
  if (found) return found
  const names = file.requests.map((one) => one.name).slice(0, 20)
  const todo = names.length === 0 ? 'write one into it' : `there are: ${names.join(', ')}`
  throw new ReplayError(`${path} has no request ${name === undefined ? '' : `"${name.slice(0, 80)}"`}`.trim(), todo)
}

/** JetBrains keeps values of environments beside the requests: `http-client.env.json`, and the private one. */
export function environmentValues(
  workspace: string,
  folders: readonly string[],
  environment: string | undefined,
): Map<string, string> {
  const values = new Map<string, string>()
  for (let depth = 0; depth <= folders.length; depth++) {
    const folder = folders.slice(0, depth).join('/')
    for (const name of ['http-client.env.json', 'http-client.private.env.json']) {
      const all = jsonOf(join(workspace, folder, name))
      for (const group of ['$shared', ...(environment === undefined ? [] : [environment])]) {
        const own = all[group]
        if (typeof own !== 'object' || own === null) continue
        for (const [key, value] of Object.entries(own)) {
          if (typeof value !== 'object') values.set(key, String(value))
        }
      }
    }
  }
  return values
}

function jsonOf(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const textLimit = 4 * 1024 * 1024

/** Text of a file. Throws a ReplayError. */
export function textOf(workspace: string, path: string): string {
  try {
    const bytes = readFileSync(join(workspace, path))
    if (bytes.byteLength > textLimit) throw new ReplayError(`${path} is larger than 4 MB`)
    return bytes.toString('utf8')
  } catch (error) {
    if (error instanceof ReplayError) throw error
    throw new ReplayError(`there is no file ${path}`, 'paths start at the workspace')
  }
}

function entriesOf(path: string) {
  try {
    return readdirSync(path, { withFileTypes: true })
  } catch {
    return []
  }
}
