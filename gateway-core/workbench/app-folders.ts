import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of the program: the one with `samples` and `dist`, whether it runs from its sources or from the bundle. */
export function programFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (; !existsSync(join(folder, 'package.json')) && folder !== dirname(folder); ) folder = dirname(folder)
  return folder
}

/** The built screens. */
export function rendererFolder(): string {
  return join(programFolder(), 'dist', 'renderer')
}

export function samplesFolder(): string {
  return join(programFolder(), 'samples')
}
