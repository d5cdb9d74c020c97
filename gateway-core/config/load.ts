import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { BrokenParts } from './broken-parts.ts'
import { checkAgainst } from './check-against.ts'
import type { Problem } from './diagnostics.ts'
import { activeEnvironment, readEnvironment } from './environments.ts'
import { type Overlay, WorkspaceFiles } from './files.ts'
import { reportForeign } from './foreign-text.ts'
import { fillDefaults } from './json-schema.ts'
import { isMapping } from './merge.ts'
import { openApiReader } from './openapi-documents.ts'
import { Origins } from './origins.ts'
import { Problems } from './problems.ts'
import { References } from './references.ts'
import { revisionOf } from './revision.ts'
import { routesOf } from './routes.ts'
import { readRules } from './rules.ts'
import { warnAboutRoutes } from './sanity.ts'
import { structure } from './schema.ts'
import { ScopeReader } from './scopes.ts'
import { readSets } from './sets.ts'
import { captureOf, consumersOf, limitsOf, listenOf, trustedProxiesOf } from './settings.ts'
import { SourceFile } from './source.ts'
import { warnAboutUnused } from './unused.ts'
import { upstreamsOf } from './upstreams.ts'
import type { Workspace, WorkspaceFile } from './workspace.ts'
import { loadWorkspaceKey, WorkspaceKey, WorkspaceKeyError } from './workspace-key.ts'
import { readYaml } from './yaml.ts'

/** Name of the file that makes a folder a workspace. */
export const workspaceFile = 'gatehouse.yaml'

export interface LoadOptions {
  /** Name of the environment to take; else `GATEHOUSE_ENV`, else `local` where there is one. */
  environment?: string
  /** Part of the revision. */
  engineVersion?: string
  /** Variables for `${env:}` references and the workspace key; the process's own without it. */
  env?: Readonly<Record<string, string | undefined>>
  /** Makes nothing on disk: a missing workspace key lives in memory only. */
  readOnly?: boolean
  /** Texts that stand for files on disk, by absolute path or path relative to the folder: unsaved edits. */
  overlay?: Overlay
  /** Value of each secret, in the place of those that the workspace keeps, and of variables that are not set: policy tests need no real ones. */
  secretOf?: (name: string) => string
  /** Only the texts of `overlay` are there, nothing of the disk: files that somebody else sent. */
  overlayOnly?: boolean
  /** In the place of the key that the workspace has. */
  key?: WorkspaceKey
}

export interface LoadResult {
  /** Absent when there is any error. */
  workspace?: Workspace
  /** Errors and warnings, by file and place. */
  problems: readonly Problem[]
  /** Absolute folder, also when nothing could be loaded. */
  folder: string
  /** Every file that was read, also when there are errors. */
  files: readonly WorkspaceFile[]
  /** Every path that was asked for, there or not, relative to the folder. */
  asked: readonly string[]
}

/**
 * Loads a workspace: a folder with `gatehouse.yaml`, or the path of such a file. Everything that is wrong comes back
 * as problems with their place; nothing that a person may have written makes it throw.
 */
export async function loadWorkspace(path: string, options: LoadOptions = {}): Promise<LoadResult> {
  const absolute = resolve(path)
  const isFile = statSync(absolute, { throwIfNoEntry: false })?.isFile() ?? /\.ya?ml$/.test(absolute)
  const folder = isFile ? dirname(absolute) : absolute
  const main = isFile ? basename(absolute) : workspaceFile
  const env = options.env ?? process.env
  const files = new WorkspaceFiles(folder, options.overlay, options.overlayOnly !== true)
  const origins = new Origins()
  const problems = new Problems(origins, main)
  let key = options.key ?? new WorkspaceKey(new Uint8Array(32))
  try {
    const create = options.readOnly !== true && files.text(main) !== undefined
    if (!options.key) key = await loadWorkspaceKey(folder, env, { create })
  } catch (error) {
    if (!(error instanceof WorkspaceKeyError)) throw error
    const { message, suggestion } = error
    problems.inRange(undefined, { code: 'SECRET_MISSING', message, suggestion })
  }
  const workspace = new Loader(folder, main, files, origins, problems, key, { ...options, env }).load()
  return {
    ...(workspace && !problems.failed && { workspace }),
    problems: problems.sorted(),
    folder,
    files: files.list(),
    asked: files.asked(),
  }
}

/** Loads a workspace whose `gatehouse.yaml` is the given text instead of the one on disk: what an editor holds. */
export function loadWorkspaceFromText(text: string, path: string, options: LoadOptions = {}): Promise<LoadResult> {
  const absolute = resolve(path)
  const file = /\.ya?ml$/.test(absolute) ? absolute : join(absolute, workspaceFile)
  return loadWorkspace(path, { ...options, overlay: new Map([...(options.overlay ?? []), [file, text]]) })
}

class Loader {
  readonly #folder: string
  readonly #main: string
  readonly #files: WorkspaceFiles
  readonly #origins: Origins
  readonly #problems: Problems
  readonly #key: WorkspaceKey
  readonly #options: LoadOptions & { env: Readonly<Record<string, string | undefined>> }

  constructor(
    folder: string,
    main: string,
    files: WorkspaceFiles,
    origins: Origins,
    problems: Problems,
    key: WorkspaceKey,
    options: LoadOptions & { env: Readonly<Record<string, string | undefined>> },
  ) {
    this.#folder = folder
    this.#main = main
    this.#files = files
    this.#origins = origins
    this.#problems = problems
    this.#key = key
    this.#options = options
  }

  load(): Workspace | undefined {
    const problems = this.#problems
    const references = new References(this.#files, this.#options.env, () => this.#key, problems, this.#options.secretOf)
    const sources = { files: this.#files, origins: this.#origins, problems, references }
    const written = this.#read(this.#main)
    // What is wrong in the other files is told all the same.
    if (!written && this.#files.text(this.#main) !== undefined) readSets(sources)
    if (!written || this.#isNewer(written)) return undefined
    const environment = activeEnvironment(this.#files, this.#options, problems)
    const overlaid = readEnvironment(environment, written, sources)
    const sets = readSets(sources)
    if (!overlaid) return this.#checkAlone(written, references)
    const { root, overrides } = overlaid
    references.resolveIn(root)
    fillDefaults(structure.workspace, root)
    const broken = new BrokenParts()
    checkAgainst(structure.workspace, root, root, references, (pointer, finding) => {
      problems.at(root, pointer, finding)
      broken.add(pointer, finding.code)
    })
    broken.leaveOut(root)
    const around = { problems, files: this.#files, references, key: this.#key, broken }
    const upstreams = upstreamsOf(root, around)
    const consumers = consumersOf(root, around)
    const scopes = new ScopeReader({ ...around, consumers }, this.#origins, sets, overrides)
    const openapi = openApiReader(this.#files, problems, root)
    const routes = routesOf({ root, problems, scopes, upstreams, openapi, broken })
    scopes.reportUnusedOverrides()
    scopes.reportUnusedSets()
    const onError = root['onError'] as Workspace['onError']
    if (onError === 'open') {
      const message = 'a policy that fails by a bug lets the request pass'
      problems.at(root, '/onError', {
        code: 'UNSAFE',
        severity: 'warning',
        message,
        suggestion: 'write onError: closed',
      })
    }
    warnAboutRoutes(routes, problems)
    const rules = readRules(root, sources)
    warnAboutUnused({ ...routes, root, upstreams, consumers }, problems)
    const listen = listenOf(root, problems, this.#files, this.#key)
    const list = this.#files.list()
    return {
      folder: this.#folder,
      name: (root['name'] as string | undefined) ?? basename(this.#folder),
      revision: revisionOf(list, this.#options.engineVersion ?? '', environment),
      environment,
      listen,
      upstreams,
      consumers,
      ...routes,
      limits: limitsOf(root, problems),
      capture: captureOf(root, problems),
      trustedProxies: trustedProxiesOf(root, problems),
      rules,
      onError,
      files: list,
      secretsInClear: [...references.inClear],
    }
  }

  /** What a later format means is not guessed: nothing else of the file is reported. */
  #isNewer(written: Record<string, unknown>): boolean {
    const format = written['gatehouse']
    if (typeof format !== 'number' || !Number.isInteger(format) || format <= 1) return false
    const message = `this workspace is written in format ${format}, and this Gatehouse reads format 1`
    const suggestion = 'open it with a newer Gatehouse'
    this.#problems.at(written, '/gatehouse', { code: 'BAD_VALUE', message, suggestion })
    return true
  }

  /** The environment says too much that is wrong to be laid over: what is wrong in the workspace itself is told all the same. */
  #checkAlone(root: Record<string, unknown>, references: References): undefined {
    references.resolveIn(root)
    fillDefaults(structure.workspace, root)
    checkAgainst(structure.workspace, root, root, references, (pointer, finding) => {
      this.#problems.at(root, pointer, finding)
    })
  }

  #read(path: string): Record<string, unknown> | undefined {
    const text = this.#files.text(path)
    if (text === undefined) {
      const message = `${join(this.#folder, path)} ${this.#files.troubleWith(path)}`
      const suggestion = 'name the folder of a workspace, or begin one with a file gatehouse.yaml'
      this.#problems.inRange(undefined, { code: 'FILE_MISSING', message, suggestion })
      return undefined
    }
    const source = new SourceFile(path, text)
    if (reportForeign(source, this.#files, this.#problems)) return undefined
    const reading = readYaml(source, this.#origins, (range, code, message, suggestion, severity) => {
      this.#problems.inRange(range, { code, message, suggestion, severity })
    })
    if (!reading) return undefined
    if (isMapping(reading.value)) return reading.value
    const suggestion = 'begin the file with: gatehouse: 1'
    const message = reading.value === null ? 'the file is empty' : 'a workspace is a mapping (key: value)'
    this.#problems.inRange({ source, start: 0, end: 1 }, { code: 'WRONG_TYPE', message, suggestion })
    return undefined
  }
}
