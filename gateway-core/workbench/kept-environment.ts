import { join } from 'node:path'
import { readJsonFile, writeJsonFile } from './json-file.ts'

interface Kept {
  environment: string
}

const fileOf = (folder: string) => join(folder, '.gatehouse', 'workbench.json')

/** The environment that was chosen last for a workspace, where there still is such a one. */
export function keptEnvironment(folder: string, environments: readonly string[]): string | undefined {
  const { environment } = readJsonFile(fileOf(folder), isKept, { environment: '' })
  return environments.includes(environment) ? environment : undefined
}

/** Keeps it for the next time that the workspace is opened. A folder that takes no files forgets it. */
export function keepEnvironment(folder: string, environment: string): void {
  try {
    writeJsonFile(fileOf(folder), { environment } satisfies Kept)
  } catch {
    // It is in force all the same.
  }
}

function isKept(value: unknown): value is Kept {
  return typeof (value as Partial<Kept> | null)?.environment === 'string'
}
