import { checkAgainst } from './check-against.ts'
import type { WorkspaceFiles } from './files.ts'
import { reportForeign } from './foreign-text.ts'
import { isMapping } from './merge.ts'
import { escapeKey, type Origins } from './origins.ts'
import type { Finding, Problems } from './problems.ts'
import type { References } from './references.ts'
import { structure } from './schema.ts'
import { SourceFile } from './source.ts'
import { readYaml } from './yaml.ts'

/** What reading a further file of the workspace needs. */
export interface Sources {
  readonly files: WorkspaceFiles
  readonly origins: Origins
  readonly problems: Problems
  readonly references: References
}

/** A named list of policies. */
export interface PolicySet {
  readonly list: unknown[]
  /** Says something about the set as a whole, at its name. */
  readonly report: (finding: Finding) => void
}

/** The named policy sets of `policies/*.yaml`: mappings of a name to a list of policies. */
export function readSets(sources: Sources): Map<string, PolicySet> {
  const { files, problems, references } = sources
  const sets = new Map<string, PolicySet>()
  for (const path of files.yamlFilesIn('policies')) {
    const mapping = readMapping(path, sources)
    if (!mapping) continue
    references.resolveIn(mapping)
    checkAgainst(structure.sets, mapping, mapping, references, (pointer, finding) => {
      problems.at(mapping, pointer, finding)
    })
    for (const [name, list] of Object.entries(mapping)) {
      const at = (finding: Finding) => problems.at(mapping, `/${escapeKey(name)}`, { part: 'key', ...finding })
      if (sets.has(name)) {
        const message = `there are two policy sets with the name "${name}"`
        const suggestion = 'give each its own name'
        at({ code: 'DUPLICATE_NAME', message, suggestion })
      } else if (Array.isArray(list)) sets.set(name, { list, report: at })
    }
  }
  return sets
}

/** A YAML file that has to hold a mapping; undefined after reporting what is wrong, and an empty mapping when empty. */
export function readMapping(path: string, { files, origins, problems }: Sources): Record<string, unknown> | undefined {
  const source = new SourceFile(path, files.text(path) ?? '')
  if (reportForeign(source, files, problems)) return undefined
  const reading = readYaml(source, origins, (range, code, message, suggestion) => {
    problems.inRange(range, { code, message, suggestion })
  })
  if (!reading) return undefined
  if (reading.value === null) return {}
  if (isMapping(reading.value)) return reading.value
  const message = `${path} has to be a mapping (key: value)`
  problems.inRange({ source, start: 0, end: 1 }, { code: 'WRONG_TYPE', message, suggestion: 'write it as key: value' })
  return undefined
}
