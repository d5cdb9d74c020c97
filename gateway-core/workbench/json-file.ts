import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What a file of ours holds, or the given value when it is missing or damaged: such files are conveniences. */
export function readJsonFile<T>(file: string, isValid: (value: unknown) => value is T, otherwise: T): T {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return isValid(value) ? value : otherwise
  } catch {
    return otherwise
  }
}

/** Writes whole or not at all, for the owner's eyes only. */
export function writeJsonFile(file: string, value: unknown): void {
  writeWhole(file, `${JSON.stringify(value, null, 2)}\n`, 0o600)
}

/** Replaces a file in one step: a reader sees the old text or the new one, also after a crash. */
export function writeWhole(file: string, text: string, mode: number): void {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    writeFileSync(draft, text, { mode, flag: 'wx' })
    renameSync(draft, file)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}
