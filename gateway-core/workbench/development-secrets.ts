import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { workspaceFile } from '../config/load.ts'
import { listSecrets, setSecret } from '../config/secrets.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'

/**
 * Makes up every `${secret:name}` that a sample refers to and that does not exist yet, so that a fresh clone runs
 * without a secret in the repository. What exists is never changed. Returns the names of those that were made.
 */
export async function createDevelopmentSecrets(
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string[]> {
  const known = new Set(await listSecrets(folder).catch(() => []))
  const missing = [...namesIn(folder)].filter((name) => !known.has(name))
  if (missing.length === 0) return []
  const key = await loadWorkspaceKey(folder, env)
  for (const name of missing) await setSecret(folder, name, randomBytes(18).toString('base64url'), key)
  return missing
}

function namesIn(folder: string): Set<string> {
  const names = new Set<string>()
  for (const file of yamlFiles(folder)) {
    const text = readFileSync(file, 'utf8').replaceAll(/#.*$/gm, '')
    for (const [, name] of text.matchAll(/(?<!\$)\$\{secret:\s*([\w.-]+)\s*\}/g)) names.add(name!)
  }
  return names
}

function yamlFiles(folder: string): string[] {
  const inside = ['environments', 'policies'].flatMap((part) => {
    try {
      return readdirSync(join(folder, part)).map((name) => join(folder, part, name))
    } catch {
      return []
    }
  })
  return [join(folder, workspaceFile), ...inside.filter((file) => /\.ya?ml$/.test(file))]
}
