import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const checkout = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/**
 * Folder of a corpus: below the folder that `GATEHOUSE_CORPORA` names, else in `shared/corpora` beside the checkout. Where
 * the variable is set and the corpus is not there, this throws; where neither is there it warns, so that a run without
 * the corpora says so, and gives undefined.
 */
export function corpus(name: string): string | undefined {
  const named = process.env['GATEHOUSE_CORPORA']
  const folder = join(named ?? join(dirname(checkout), 'shared', 'corpora'), name)
  if (existsSync(folder)) return folder
  if (named !== undefined) throw new Error(`GATEHOUSE_CORPORA is ${named}, and there is no ${name} in it`)
  console.warn(`LEFT OUT: the corpus ${name} is not here; set GATEHOUSE_CORPORA to the folder that holds it`)
  return undefined
}

/** Rows of a file of JSON lines. */
export function jsonLines<T>(file: string): T[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as T)
}
