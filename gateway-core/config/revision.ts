import { createHash } from 'node:crypto'
import type { WorkspaceFile } from './workspace.ts'

/**
 * Identity of a configuration: a hash over the path and hash of every file that was read, the active environment and
 * the version of the engine. Equal revisions judge alike. 32 hexadecimal characters.
 */
export function revisionOf(
  files: readonly WorkspaceFile[],
  engineVersion: string,
  environment: string | undefined,
): string {
  const root = createHash('sha256').update(JSON.stringify([engineVersion, environment ?? null]))
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  for (const { path, sha256 } of sorted) root.update(JSON.stringify([path, sha256]))
  return root.digest('hex').slice(0, 32)
}
