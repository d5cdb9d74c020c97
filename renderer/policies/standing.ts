import type { FileNode, OpenWorkspace } from '../../gateway-core/protocol/types.ts'
import { isEdited, type OpenDocument } from './document.ts'

/** How the text on the screen stands to the disk and to what the gateway enforces: never left to guessing. */
export interface Standing {
  readonly state: 'edited' | 'conflict' | 'deleted' | 'saving' | 'in-force' | 'last-good' | 'saved'
  readonly words: string
}

/** The standing of a document, in words. */
export function standingOf(
  document: OpenDocument,
  kind: FileNode['kind'],
  workspace: OpenWorkspace | undefined,
  applying: boolean,
): Standing {
  if (document.conflict) return { state: 'conflict', words: 'changed here and on disk: choose what stays' }
  if (document.deleted) return { state: 'deleted', words: 'gone from disk: saving writes it again' }
  if (document.saving) return { state: 'saving', words: 'saving…' }
  if (isEdited(document)) {
    const still = workspace ? ': the saved text stays in force' : ''
    return { state: 'edited', words: `edited, not saved${workspace?.lastGood ? '' : still}` }
  }
  if (document.readOnly) return { state: 'saved', words: 'read only' }
  if (!workspace) return { state: 'saved', words: 'saved' }
  if (kind === 'test' || kind === 'other') return { state: 'saved', words: 'saved' }
  if (kind === 'environment' && !isActiveEnvironment(document.path, workspace)) {
    const active = workspace.environment
    return { state: 'saved', words: `saved · not in force${active ? `: ${active} is the active environment` : ''}` }
  }
  if (applying) return { state: 'saving', words: 'saved · coming into force…' }
  if (workspace.lastGood) {
    return { state: 'last-good', words: 'saved, but has problems: the last good revision is in force' }
  }
  if (workspace.gateway.state !== 'running') return { state: 'saved', words: 'saved · the gateway is stopped' }
  return { state: 'in-force', words: 'saved · in force' }
}

function isActiveEnvironment(path: string, workspace: OpenWorkspace): boolean {
  return path.replace(/^environments\//, '').replace(/\.ya?ml$/, '') === workspace.environment
}
