import type { FileNode } from '../../gateway-core/protocol/types.ts'

/** A row of the tree, as it is shown. */
export interface FileRow {
  readonly path: string
  readonly name: string
  readonly kind: FileNode['kind']
  readonly depth: number
  readonly folder: boolean
  readonly open: boolean
}

/** The rows that are seen: folders in `closed` hide what is in them. */
export function visibleRows(tree: readonly FileNode[], closed: ReadonlySet<string>, depth = 0): FileRow[] {
  return tree.flatMap((node) => {
    const folder = node.children !== undefined
    const open = folder && !closed.has(node.path)
    const row: FileRow = { path: node.path, name: nameOf(node.path), kind: node.kind, depth, folder, open }
    return open ? [row, ...visibleRows(node.children!, closed, depth + 1)] : [row]
  })
}

/** Folders that hold nothing the gateway reads: they begin closed. */
export function foreignFolders(tree: readonly FileNode[]): string[] {
  return tree.flatMap((node) => {
    if (!node.children) return []
    return allFiles([node]).every((file) => file.kind === 'other') ? [node.path] : foreignFolders(node.children)
  })
}

/** Every file, without folders, as the tree shows them. */
export function allFiles(tree: readonly FileNode[]): FileNode[] {
  return tree.flatMap((node) => (node.children ? allFiles(node.children) : [node]))
}

/** The workspace file, else the first one. */
export function firstFile(tree: readonly FileNode[]): string | undefined {
  const files = allFiles(tree)
  return (files.find((file) => file.kind === 'workspace') ?? files[0])?.path
}

export function kindOf(tree: readonly FileNode[] | undefined, path: string): FileNode['kind'] {
  return allFiles(tree ?? []).find((file) => file.path === path)?.kind ?? 'other'
}

/** Whether policies are written in a file: in the workspace file and in sets. */
export function holdsPolicies(
  tree: readonly FileNode[] | undefined,
  { path, readOnly }: { readonly path: string; readonly readOnly: boolean },
): boolean {
  const kind = kindOf(tree, path)
  return !readOnly && (kind === 'workspace' || kind === 'policies')
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** Where a key of the keyboard leads in a tree (WAI-ARIA tree pattern): another row, or a folder opened or closed. */
export function moveInTree(rows: readonly FileRow[], at: number, key: string): { to?: number; toggle?: string } {
  const row = rows[at]
  if (!row) return {}
  switch (key) {
    case 'ArrowDown':
      return { to: Math.min(at + 1, rows.length - 1) }
    case 'ArrowUp':
      return { to: Math.max(at - 1, 0) }
    case 'Home':
      return { to: 0 }
    case 'End':
      return { to: rows.length - 1 }
    case 'ArrowRight':
      if (!row.folder) return {}
      return row.open ? { to: Math.min(at + 1, rows.length - 1) } : { toggle: row.path }
    case 'ArrowLeft': {
      if (row.folder && row.open) return { toggle: row.path }
      const parent = rows.slice(0, at).findLastIndex((other) => other.depth < row.depth)
      return parent < 0 ? {} : { to: parent }
    }
    default:
      return {}
  }
}
