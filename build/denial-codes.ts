import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type DenialCode, denials } from '../gateway-core/errors.ts'

const policiesFolder = join(dirname(dirname(fileURLToPath(import.meta.url))), 'gateway-core', 'policies')

/** Denial codes that the source of a policy names, in the order of the table of codes. */
export function denialCodesOf(type: string): DenialCode[] {
  return codesIn(sourceOf(type))
}

/** The source of a policy with the parts of its folder that it imports, as one text. */
export function sourceOf(type: string): string {
  return sourceFilesOf(type)
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
}

/** Denial codes that stand in a text as string literals. */
export function codesIn(text: string): DenialCode[] {
  const named = new Set([...text.matchAll(/'([A-Z][A-Z_]+)'/g)].map((match) => match[1]!))
  return (Object.keys(denials) as DenialCode[]).filter((code) => named.has(code))
}

/** The files of a policy, with those of the same folder that they import: several policies share a part. */
function sourceFilesOf(type: string): string[] {
  const starts = [`${type}.ts`, `${type}/${type}.ts`].map((name) => join(policiesFolder, name)).filter(existsSync)
  const found = new Set<string>(starts)
  for (const file of found) {
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)'/g)) {
      const imported = join(dirname(file), path!)
      if (imported.startsWith(policiesFolder)) found.add(imported)
    }
  }
  return [...found]
}
