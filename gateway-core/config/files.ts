import { createHash } from 'node:crypto'
import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { secretsFile } from './secrets.ts'
import type { WorkspaceFile } from './workspace.ts'

/** Texts in place of files on disk, by path; null: there is no such file. */
export type Overlay = ReadonlyMap<string, string | null>

/**
 * The files of one workspace as one load sees them: each is read once and remembered, texts of an editor that are not
 * saved yet (`overlay`) stand for the files on disk; null: the file is not there. Paths are relative to the folder, with
 * `/` as separator.
 */
export class WorkspaceFiles {
  readonly folder: string
  readonly #overlay: Overlay
  readonly #disk: boolean
  readonly #read = new Map<string, string | undefined>()
  readonly #secret = new Map<string, string>()
  readonly #troubles = new Map<string, string>()

  /** Keys of `overlay` are absolute or relative to the folder. Without `disk` there are no other files. */
  constructor(folder: string, overlay: Overlay = new Map(), disk = true) {
    this.folder = folder
    this.#disk = disk
    this.#overlay = new Map([...overlay].map(([path, text]) => [this.relative(path), text]))
  }

  /** Path as it appears in problems and in the revision. */
  relative(path: string): string {
    const inside = relative(this.folder, resolve(this.folder, path))
    return isAbsolute(inside) ? inside : inside.split(sep).join('/')
  }

  /** UTF-8 text without a byte order mark, or undefined when the file cannot be read. */
  text(path: string): string | undefined {
    const key = this.relative(path)
    if (!this.#read.has(key)) this.#read.set(key, this.#load(key))
    return this.#read.get(key)
  }

  /** Why a file cannot be read, in words behind its name: `is a folder`. */
  troubleWith(path: string): string {
    if (/^https?:\/\//i.test(path)) return 'is not fetched: what a workspace means must not depend on the network'
    return this.#troubles.get(this.relative(path)) ?? 'cannot be read'
  }

  /** Whether the file on disk is something else than UTF-8; its text then holds replacement characters. */
  isForeign(path: string): boolean {
    return this.#troubles.get(this.relative(path)) === notUtf8
  }

  /** Text of a file that holds a secret: it is part of the revision by `tag` only, and its text is never handed on. */
  secretText(path: string, tag: (text: string) => string): string | undefined {
    const key = this.relative(path)
    const text = this.#load(key)
    this.#secret.set(key, text === undefined ? '' : tag(text))
    return text
  }

  /** Names of the YAML files directly in a folder of the workspace, sorted; empty when there is no such folder. */
  yamlFilesIn(folder: string): string[] {
    const names = new Set<string>()
    try {
      if (this.#disk) for (const name of readdirSync(join(this.folder, folder))) names.add(`${folder}/${name}`)
    } catch {
      // No such folder: only what an editor holds.
    }
    for (const [path, text] of this.#overlay) {
      if (text === null) names.delete(path)
      else if (path.startsWith(`${folder}/`)) names.add(path)
    }
    return [...names].filter((path) => /^[^/]+\/[^/.][^/]*\.ya?ml$/.test(path)).sort()
  }

  /** Every file that was there, sorted by path. */
  list(): WorkspaceFile[] {
    const files: WorkspaceFile[] = []
    for (const [path, text] of this.#read) {
      if (text === undefined) continue
      files.push(path === secretsFile ? { path, sha256: sha256(text) } : { path, sha256: sha256(text), text })
    }
    for (const [path, tag] of this.#secret) if (tag !== '') files.push({ path, sha256: sha256(tag) })
    return files.sort((a, b) => (a.path < b.path ? -1 : 1))
  }

  /** Every path that was asked for, there or not: what a watcher has to look at. */
  asked(): string[] {
    return [...new Set([...this.#read.keys(), ...this.#secret.keys()])].sort()
  }

  #load(key: string): string | undefined {
    const overlaid = this.#overlay.get(key)
    if (overlaid !== undefined || !this.#disk) return overlaid ?? undefined
    try {
      const bytes: Buffer = readFileSync(resolve(this.folder, key))
      if (!isUtf8(bytes)) this.#troubles.set(key, notUtf8)
      const text = bytes.toString('utf8')
      return text.startsWith('\u{FEFF}') ? text.slice(1) : text
    } catch (error) {
      this.#troubles.set(key, reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? 'cannot be read')
      return undefined
    }
  }
}

const notUtf8 = 'is not UTF-8'
const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'cannot be read: it is a folder',
  EACCES: 'cannot be read: it is not yours to read',
  EPERM: 'cannot be read: it is not yours to read',
  ELOOP: 'cannot be read: its link leads to itself',
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
