import type { WorkspaceFiles } from './files.ts'
import type { Problems } from './problems.ts'
import type { SourceFile } from './source.ts'

/** Reports a file in another encoding, where it begins to be one. False when it is UTF-8. */
export function reportForeign(source: SourceFile, files: WorkspaceFiles, problems: Problems): boolean {
  if (!files.isForeign(source.path)) return false
  const start = Math.max(0, source.text.indexOf('\u{FFFD}'))
  const message = 'the file is not UTF-8'
  problems.inRange({ source, start, end: start + 1 }, { code: 'YAML_SYNTAX', message, suggestion: 'save it as UTF-8' })
  return true
}
