import { checkAgainst } from './check-against.ts'
import { didYouMean } from './closest.ts'
import type { WorkspaceFiles } from './files.ts'
import { isMapping, mergeMappings, mergeNamed } from './merge.ts'
import type { Problems } from './problems.ts'
import { structure } from './schema.ts'
import { readMapping, type Sources } from './sets.ts'

type Mapping = Record<string, unknown>

const fileOf = /^environments\/(.+)\.ya?ml$/

/** Names of the environments that a workspace has. */
export function environmentsIn(files: WorkspaceFiles): string[] {
  return files.yamlFilesIn('environments').map((path) => fileOf.exec(path)![1]!)
}

/** The environment to take: the option, else `GATEHOUSE_ENV`, else `local` where there is one. Reports an unknown one. */
export function activeEnvironment(
  files: WorkspaceFiles,
  options: { environment?: string; env: Readonly<Record<string, string | undefined>> },
  problems: Problems,
): string | undefined {
  const known = environmentsIn(files)
  const wanted = options.environment ?? (options.env['GATEHOUSE_ENV'] || undefined)
  if (wanted === undefined) return known.includes('local') ? 'local' : undefined
  if (known.includes(wanted)) return wanted
  if (!/^[^/\\]*\w[^/\\]*$/.test(wanted)) {
    const message =
      wanted.trim() === '' ? 'the name of the environment is empty' : `"${wanted}" is no name of an environment`
    const suggestion =
      known.length > 0 ? `there are: ${known.join(', ')}` : 'leave --env out: there are no environments'
    problems.inRange(undefined, { code: 'BAD_VALUE', message, suggestion })
    return undefined
  }
  const suggestion = didYouMean(wanted, known, 'there are') ?? `write the file environments/${wanted}.yaml`
  const message = `there is no environment "${wanted}"`
  problems.inRange(undefined, { code: 'UNKNOWN_REFERENCE', message, suggestion })
  return undefined
}

/**
 * The workspace with what its environment says differently, and the changes to single policies. Undefined when the
 * file of the environment cannot be read.
 */
export function readEnvironment(
  name: string | undefined,
  written: Mapping,
  sources: Sources,
): { root: Mapping; overrides: Mapping } | undefined {
  if (name === undefined) return { root: written, overrides: {} }
  const { files, origins, problems, references } = sources
  const path = files.yamlFilesIn('environments').find((one) => fileOf.exec(one)![1] === name)!
  const overlay = readMapping(path, sources)
  if (!overlay) return undefined
  references.resolveIn(overlay)
  let sound = true
  checkAgainst(structure.environment, overlay, overlay, references, (pointer, finding) => {
    sound = false
    problems.at(overlay, pointer, finding)
  })
  if (!sound) return undefined
  const { policies, consumers } = overlay
  // Policies are changed by name, in whatever scope they stand: they are not part of the merge.
  delete overlay['policies']
  const root = mergeMappings(written, overlay, origins)
  if (Array.isArray(consumers)) {
    root['consumers'] = mergeNamed((root['consumers'] ?? []) as unknown[], consumers, origins)
  }
  return { root, overrides: isMapping(policies) ? policies : {} }
}
