import { existsSync, readFileSync, statSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { Problem } from '../config/diagnostics.ts'
import { formatProblem } from '../config/diagnostics.ts'
import { type LoadOptions, type LoadResult, loadWorkspace, workspaceFile } from '../config/load.ts'
import type { Workspace } from '../config/workspace.ts'
import { CannotRun } from './command.ts'
import type { ShowPosition } from './exchange-line.ts'
import type { Io, Paint } from './io.ts'
import { version } from '../version.ts'
import { visible, visibleLines } from '../visible.ts'

/** Loads the workspace that a command names; without a name the current folder. */
export async function load(io: Io, name: string | undefined, options: LoadOptions = {}): Promise<LoadResult> {
  const path = resolve(io.cwd, name ?? '.')
  if (!options.overlay && !existsSync(path)) {
    throw new CannotRun(`there is no folder ${visible(name ?? path)}`, 'name the folder of a workspace')
  }
  if (!options.overlay && statSync(path).isDirectory() && !existsSync(resolve(path, workspaceFile))) {
    throw new CannotRun(
      `${name === undefined ? 'this folder' : visible(name, 200)} has no ${workspaceFile}`,
      'name a workspace (samples/bookshop), or run "gatehouse serve --upstream <URL>" to begin without one',
    )
  }
  return loadWorkspace(path, { env: io.env, engineVersion: version, ...options })
}

/** Loads a workspace that has to be sound. Throws CannotRun after telling its problems on stderr. */
export async function loadSound(io: Io, name: string | undefined, options: LoadOptions = {}): Promise<Workspace> {
  const result = await load(io, name, options)
  if (result.workspace) return result.workspace
  io.tell(problemsText(io, result, io.paintError))
  throw new CannotRun('the workspace has errors, so nothing was done')
}

/** Folder of the workspace that a command names, without loading it. */
export function workspaceFolder(io: Io, name: string | undefined): string {
  const path = resolve(io.cwd, name ?? '.')
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new CannotRun(`there is no folder ${visible(name ?? path)}`, 'name the folder of a workspace')
  return found.isFile() ? resolve(path, '..') : path
}

/** Whether a word names a workspace: a folder with gatehouse.yaml, or such a file. */
export function isWorkspace(io: Io, word: string): boolean {
  const path = resolve(io.cwd, word)
  return existsSync(resolve(path, workspaceFile)) || (/\.ya?ml$/.test(path) && existsSync(path))
}

/** All problems with their source lines and a count, each place relative to where the person stands. */
export function problemsText(
  io: Io,
  { problems, folder }: Pick<LoadResult, 'problems' | 'folder'>,
  paint: Paint,
): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length
  const warnings = problems.length - errors
  const texts = new Map<string, string | undefined>()
  const textOf = (file: string) => {
    if (!texts.has(file)) texts.set(file, readText(resolve(folder, file)))
    return texts.get(file)
  }
  const counts = [count(errors, 'error'), count(warnings, 'warning')].filter((text) => text !== '').join(', ')
  const shown = problems.map((problem) =>
    coloured(formatFor(io, folder, problem, textOf(problem.file)), problem, paint),
  )
  return [...shown, paint(errors > 0 ? 'red' : 'yellow', counts)].join('\n')
}

/** Shows positions of a workspace relative to the current folder. */
export function positionsIn(io: Io, folder: string): ShowPosition {
  const base = relative(io.cwd, folder)
  // Far away, the path inside the workspace says more than a chain of dots.
  const lead = base === '' || base.startsWith('..') ? '' : `${base}/`
  return ({ file, line, column }) => `${lead}${file}:${line}:${column}`
}

/** A path as a person at the current folder would write it; whole where it lies elsewhere. */
export function shownPath(io: Io, path: string): string {
  const inside = relative(io.cwd, path)
  return visible(inside.startsWith('..') ? path : inside || '.', 300)
}

function formatFor(io: Io, folder: string, problem: Problem, text: string | undefined): string {
  const file = positionsIn(io, folder)({ ...problem, line: 0, column: 0 }).replace(/:0:0$/, '')
  return visibleLines(formatProblem({ ...problem, file }, text))
}

function coloured(text: string, problem: Problem, paint: Paint): string {
  const [head, ...source] = text.split('\n')
  const word = ` ${problem.severity} ${problem.code} `
  const at = head!.indexOf(word)
  const style = problem.severity === 'error' ? 'red' : 'yellow'
  const first =
    at < 0 ? head! : `${paint('cyan', head!.slice(0, at))}${paint(style, word)}${head!.slice(at + word.length)}`
  return [first, ...source.map((line) => paint('dim', line))].join('\n')
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function count(number: number, noun: string): string {
  return number === 0 ? '' : `${number} ${noun}${number === 1 ? '' : 's'}`
}
