import { createHash } from 'node:crypto'
import {
  existsSync,
  type FSWatcher,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  watch,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { diff3Merge } from 'node-diff3'
import { type LoadOptions, workspaceFile } from '../config/load.ts'
import { secretsFile } from '../config/secrets.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { FileNode, FileText, Problem, Written } from '../protocol/types.ts'
import { Drafts } from './drafts.ts'
import { writeWhole } from './json-file.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { fileIn, foldersOf, isFile, isShown, treeOf } from './workspace-paths.ts'

const textLimit = 4 * 1024 * 1024
const quietMs = 60
const mostRemembered = 200

/** The texts of an open workspace: read with their version, written without losing what others wrote. */
export class FileDesk {
  readonly #opened: OpenedWorkspace
  readonly #drafts: Drafts
  readonly #changed: (path: string, version: string | null) => void
  readonly #watchers = new Map<string, FSWatcher>()
  /** Texts by version: what an edit began with, when it has to be merged. */
  readonly #known = new Map<string, string>()
  /** Versions that the screens know of, by path. */
  readonly #versions = new Map<string, string | null>()
  readonly #touched = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(opened: OpenedWorkspace, changed: (path: string, version: string | null) => void) {
    this.#opened = opened
    this.#changed = changed
    this.#drafts = new Drafts(opened.folder)
    this.#watchFolders()
  }

  tree(): FileNode[] {
    return treeOf(this.#opened.folder, this.documents())
  }

  /** Paths of the OpenAPI documents that the workspace names. */
  documents(): ReadonlySet<string> {
    return new Set((this.#opened.workspace?.apis ?? []).flatMap(({ openapi }) => openapi ?? []))
  }

  /** A file as it is on disk, or as it was in a revision. */
  read(path: string, revision?: string): FileText {
    if (revision !== undefined) {
      const text = this.#opened.captures.revisionFile(revision, path)
      if (text === undefined) throw notFound(`${path} of that revision is not kept`)
      return { path, text, version: versionOf(text), readOnly: true }
    }
    const text = this.text(path)
    if (text === undefined) throw notFound(`there is no file ${path}`)
    const version = this.#remember(text)
    this.#versions.set(path, version)
    const draft = this.#drafts.get(path)
    const file: FileText = { path, text, version, readOnly: path === secretsFile }
    if (draft && draft.text !== text) file.draft = draft
    return file
  }

  /** Text on disk; undefined when there is no such file. Throws an RpcError for what is no text. */
  text(path: string): string | undefined {
    const file = fileIn(this.#opened.folder, path)
    const found = statSync(file, { throwIfNoEntry: false })
    if (!found) return undefined
    if (!found.isFile()) throw refused(`${path} is a folder`)
    if (found.size > textLimit) throw refused(`${path} is larger than 4 MB`, 'open it in another editor')
    const bytes = readFileSync(file)
    if (bytes.includes(0)) throw refused(`${path} is no text`)
    return bytes.toString('utf8').replace(/^\u{FEFF}/u, '')
  }

  exists(path: string): boolean {
    try {
      return this.text(path) !== undefined
    } catch {
      return false
    }
  }

  /** Text of a file as the screens show it: a draft where there is one. */
  currentText(path: string): string | undefined {
    return this.#drafts.get(path)?.text ?? this.text(path)
  }

  write(path: string, text: string, base: string): Written {
    const file = fileIn(this.#opened.folder, path)
    if (path === secretsFile) throw refused('secrets are set, not edited', 'run: gatehouse secret set <name>')
    const onDisk = this.text(path)
    const version = onDisk === undefined ? '' : versionOf(onDisk)
    if (version !== base && onDisk !== text) {
      const theirs = onDisk ?? ''
      this.#remember(theirs)
      return { state: 'conflict', version, text: theirs, merged: merge(text, this.#known.get(base), theirs) }
    }
    if (onDisk !== text) this.#store(file, path, text)
    this.#drafts.forget(path)
    const saved = this.#remember(text)
    this.#versions.set(path, saved)
    return { state: 'saved', version: saved }
  }

  /** Gives a file another name; what was typed and not saved goes with it. Nothing is ever written over. */
  move(from: string, to: string): void {
    const [source, target] = [this.#ownFile(from), this.#ownFile(to)]
    if (!isFile(source)) throw notFound(`there is no file ${from}`)
    if (existsSync(target)) throw refused(`there is a file ${to} already`, 'choose another name')
    changing(`${from} cannot be renamed`, () => {
      mkdirSync(dirname(target), { recursive: true })
      renameSync(source, target)
    })
    const draft = this.#drafts.get(from)
    this.#drafts.forget(from)
    if (draft) this.#drafts.keep(to, draft)
  }

  remove(path: string): void {
    const file = this.#ownFile(path)
    if (!isFile(file)) throw notFound(`there is no file ${path}`)
    changing(`${path} cannot be deleted`, () => rmSync(file))
    this.#drafts.forget(path)
  }

  /** A file that may come, go and be called otherwise: not the two that make the folder a workspace. */
  #ownFile(path: string): string {
    const file = fileIn(this.#opened.folder, path)
    if (path === workspaceFile) throw refused(`${path} makes this folder a workspace`, 'it stays, by this name')
    if (path === secretsFile) throw refused(`${path} keeps the secrets`, 'take single ones away: gatehouse secret')
    return file
  }

  /** Keeps what is typed; undefined: nothing is. */
  draft(path: string, text: string | undefined, base: string): void {
    fileIn(this.#opened.folder, path)
    if (text === undefined) this.#drafts.forget(path)
    else this.#drafts.keep(path, { text, base })
  }

  /** What the loader says of the workspace with this text in place of the file, and with all other drafts. */
  check(path: string, text: string): Promise<Problem[]> {
    const { folder, errands } = this.#opened
    const loading = this.loadingWith(path, text)
    // The environment of a process cannot cross to another thread as it is.
    return errands.run('check', { folder, loading: { ...loading, env: { ...loading.env } } })
  }

  loadingWith(path: string, text: string): LoadOptions {
    fileIn(this.#opened.folder, path)
    const overlay = new Map(this.#drafts.list().map((draft) => [draft.path, draft.text]))
    overlay.set(path, text)
    return { ...this.#opened.loading(), readOnly: true, overlay }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #store(file: string, path: string, text: string): void {
    changing(`${path} cannot be written`, () => {
      mkdirSync(dirname(file), { recursive: true })
      const found = statSync(file, { throwIfNoEntry: false })
      // A link stays a link: what it leads to is written.
      const target = found ? realpathSync(file) : file
      const mark =
        found &&
        readFileSync(target)
          .subarray(0, 3)
          .equals(Buffer.from([0xef, 0xbb, 0xbf]))
          ? '\u{FEFF}'
          : ''
      writeWhole(target, mark + text, (found?.mode ?? 0o644) & 0o777)
    })
  }

  #remember(text: string): string {
    const version = versionOf(text)
    this.#known.delete(version)
    this.#known.set(version, text)
    if (this.#known.size > mostRemembered) this.#known.delete(this.#known.keys().next().value!)
    return version
  }

  #watchFolders(): void {
    const folders = new Set(foldersOf(this.#opened.folder))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue
      try {
        const watcher = watch(join(this.#opened.folder, folder), { persistent: false }, (_event, name) => {
          if (name !== null) this.#touch(folder === '' ? name : `${folder}/${name}`)
        })
        watcher.on('error', () => {
          watcher.close()
          this.#watchers.delete(folder)
        })
        this.#watchers.set(folder, watcher)
      } catch {
        // It went away just now.
      }
    }
  }

  #touch(path: string): void {
    if (this.#closed || /(?:^|\/)\.gatehouse(?:\/|$)|\.tmp$/.test(path)) return
    this.#touched.add(path)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tellTouched(), quietMs)
  }

  #tellTouched(): void {
    const paths = [...this.#touched]
    this.#touched.clear()
    this.#watchFolders()
    for (const path of paths) {
      const version = this.#versionOnDisk(path)
      if (version === undefined || version === this.#versions.get(path)) continue
      // A file that nobody read is only missing from the tree; what other editors leave beside it never stood there.
      if (version === null && !this.#versions.has(path) && !isShown(path.slice(path.lastIndexOf('/') + 1))) continue
      this.#versions.set(path, version)
      this.#changed(path, version)
    }
  }

  /** Null: there is no such file. Undefined: it is nothing that is shown. */
  #versionOnDisk(path: string): string | null | undefined {
    try {
      const text = this.text(path)
      return text === undefined ? null : versionOf(text)
    } catch {
      return undefined
    }
  }
}

/** Content hash of a text. */
export function versionOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

/** Both edits in one text, line by line; null where they touch the same lines, or where nobody knows what they began with. */
export function merge(mine: string, base: string | undefined, theirs: string): string | null {
  if (base === undefined) return null
  const lines = (text: string) => text.split('\n')
  const regions = diff3Merge(lines(mine), lines(base), lines(theirs), { excludeFalseConflicts: true })
  const merged: string[] = []
  for (const region of regions) {
    if (!region.ok) return null
    merged.push(...region.ok)
  }
  return merged.join('\n')
}

/** Changes the disk; what the disk refuses is said in words. */
function changing(what: string, change: () => void): void {
  try {
    change()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
    const todo = code === 'ENOSPC' ? 'the disk is full: make room' : 'make the folder writable'
    throw refused(`${what} (${code})`, todo)
  }
}

function notFound(message: string): RpcError {
  return new RpcError({ code: 'NOT_FOUND', message })
}
