import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { ReplayList } from '../protocol/replay.ts'
import type { SequenceOutline } from '../protocol/replay-reports.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import { withFilePaths } from '../replay/body-files.ts'
import {
  asSeenFrom,
  filesBelow,
  readCollection,
  requestNamed,
  requestsFolder,
  sequencesFolder,
  splitReference,
  textOf,
} from '../replay/collections.ts'
import { readHttpText } from '../replay/http-file.ts'
import { type FileRequest, httpTextOf, withRequest } from '../replay/http-file-text.ts'
import { ReplayError } from '../replay/replay-error.ts'
import type { ResponseHandler } from '../replay/response-handler.ts'
import { type ReadSequence, readSequence } from '../replay/sequence.ts'
import { writeWhole } from './json-file.ts'
import { appendItem } from './rule-edit.ts'
import { fileIn } from './workspace-paths.ts'

/** A request that stands in a `.http` file of the workspace. */
export interface FiledRequest {
  path: string
  name: string
  request: ReplayRequest
  variables: ReadonlyMap<string, string>
  handler: ResponseHandler
}

/** The files of a workspace that hold requests and sequences: read as they are, changed only where they were edited. */
export class ReplayFiles {
  readonly #folder: string
  readonly #environment: () => string | undefined

  constructor(folder: string, environment: () => string | undefined) {
    this.#folder = folder
    this.#environment = environment
  }

  list(): Pick<ReplayList, 'files' | 'sequences'> {
    const files = filesBelow(this.#folder, requestsFolder, /\.(?:http|rest)$/).map((path) => {
      const { requests, problems } = readHttpText(textOf(this.#folder, path))
      const items = requests.map(({ name, request }) => ({
        id: `${path}#${name}`,
        name,
        method: request.method,
        url: request.url,
      }))
      return { path, items, ...(problems[0] && { problem: problems[0] }) }
    })
    const sequences = filesBelow(this.#folder, sequencesFolder, /\.ya?ml$/).map((path) => {
      const { read, problems } = this.#readSequence(path)
      const name = read?.name ?? path.replace(/^.*\//, '')
      const steps = read?.sequence.steps.length ?? 0
      return { path, name, steps, ...(problems[0] && { problem: problems[0] }) }
    })
    return { files, sequences }
  }

  get(id: string): FiledRequest {
    const { path, name } = splitReference(id)
    fileIn(this.#folder, path)
    const file = readCollection(this.#folder, path, this.#environment())
    const found = requestNamed(file, path, name)
    const { request, handler } = found
    return { path, name: found.name, request, variables: file.variables, handler }
  }

  /** Writes a request into a file, in the place of the one of that name. Returns its id. */
  put(path: string, name: string, request: ReplayRequest): string {
    const target = this.#target(path)
    const text = this.#textIfThere(target)
    const title = name.replaceAll(/[\r\n]+/g, ' ').trim()
    if (title === '') throw new ReplayError('the request needs a name')
    const seen = withFilePaths(request, (file) => asSeenFrom(target, file))
    this.#write(target, withRequest(text, readHttpText(text), title, seen))
    return `${target}#${title}`
  }

  /** Makes a file of requests. Throws when there is one of that name. */
  create(path: string, requests: readonly FileRequest[], variables: ReadonlyMap<string, string>): string {
    const target = this.#target(path)
    if (this.#textIfThere(target) !== '')
      throw new ReplayError(`there is a file ${target} already`, 'choose another name')
    const seen = requests.map(({ request, ...rest }) => ({
      ...rest,
      request: withFilePaths(request, (file) => asSeenFrom(target, file)),
    }))
    this.#write(target, httpTextOf(seen, variables))
    return target
  }

  remove(id: string): void {
    const { path, name } = splitReference(id)
    const text = textOf(this.#folder, path)
    const found = requestNamed(readHttpText(text), path, name)
    const separator = text.lastIndexOf('###', found.start)
    const start =
      separator === -1 || text.slice(separator, found.start).split('\n').length > 2 ? found.start : separator
    this.#write(path, text.slice(0, start) + text.slice(found.end))
  }

  /** Throws a ReplayError that names what is wrong with it, and the line. */
  sequence(path: string): ReadSequence {
    const { read, problems } = this.#readSequence(path)
    if (read) return read
    const [{ what, line, todo } = { what: 'it cannot be read', line: 1, todo: undefined }] = problems
    throw new ReplayError(what, todo, `${path}:${line ?? 1}`)
  }

  /** Adds a request that stands in a file to a sequence, as its last step; makes the sequence where there is none. */
  addStep(id: string, name: string): { file: string; steps: number } {
    const { name: title, handler } = this.get(id)
    const inside = name.startsWith(`${sequencesFolder}/`) ? name : `${sequencesFolder}/${name}`
    const file = /\.ya?ml$/.test(inside) ? inside : `${inside}.yaml`
    fileIn(this.#folder, file)
    const before = this.#textIfThere(file)
    // A sequence that cannot be read is not made worse.
    if (before !== '') this.sequence(file)
    const step = stringify({ name: title, request: id, ...stepOf(handler) })
    this.#write(file, appendItem(before === '' ? stringify({ name: title }) : before, 'steps', step))
    return { file, steps: this.sequence(file).sequence.steps.length }
  }

  outline(path: string): SequenceOutline {
    const { read, problems } = this.#readSequence(path)
    if (!read) return { path, name: path.replace(/^.*\//, ''), steps: [], rows: 0, problems }
    const steps = read.sequence.steps.map((step, at) => {
      const { request, capture = {}, expect = {} } = step
      const written = typeof request === 'string' ? request : `${request.method ?? 'GET'} ${request.url}`
      const [, method = '', url = written] = /^([A-Z]+)\s+(.*)$/.exec(written) ?? []
      const { headers = {}, json = {}, ...others } = expect
      const assertions = Object.keys(headers).length + Object.keys(json).length + Object.keys(others).length
      return {
        name: step.name ?? written,
        method,
        url,
        line: read.lineOf(['steps', at]),
        assertions,
        captures: Object.keys(capture),
      }
    })
    return { path, name: read.name, steps, rows: read.rows.length, problems }
  }

  #readSequence(path: string) {
    fileIn(this.#folder, path)
    return readSequence(textOf(this.#folder, path), path, (table) => {
      fileIn(this.#folder, table)
      return this.#textIfThere(table) || undefined
    })
  }

  /** `books` and `requests/books.http` name the same file. */
  #target(path: string): string {
    const inside = path.startsWith(`${requestsFolder}/`) ? path : `${requestsFolder}/${path}`
    const target = /\.(?:http|rest)$/.test(inside) ? inside : `${inside}.http`
    fileIn(this.#folder, target)
    return target
  }

  #textIfThere(path: string): string {
    try {
      return textOf(this.#folder, path)
    } catch {
      return ''
    }
  }

  #write(path: string, text: string): void {
    try {
      writeWhole(fileIn(this.#folder, path), text, 0o644)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      throw new ReplayError(`${path} cannot be written (${code ?? message})`)
    }
  }
}

/** What a script behind a request says, as a sequence says it. */
function stepOf({ captures, status }: ResponseHandler) {
  return {
    ...(Object.keys(captures).length > 0 && { capture: captures }),
    ...(status !== undefined && { expect: { status } }),
  }
}

/** Under which id the runs of a request in a file are kept. */
export function runsIdOf(reference: string): string {
  return createHash('sha256').update(reference).digest('hex').slice(0, 20)
}
