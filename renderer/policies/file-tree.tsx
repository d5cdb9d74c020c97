import { Box, ChevronDown, ChevronRight, File, FileCheck, FileJson, Layers, Shield, Shuffle } from 'lucide-react'
import { type KeyboardEvent, useRef, useState } from 'react'
import type { FileNode, Problem } from '../../gateway-core/protocol/types.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { isEdited } from './document.ts'
import { openFile } from './files.ts'
import { FileMenu } from './file-menu.tsx'
import { type FileRow, foreignFolders, moveInTree, visibleRows } from './file-list.ts'
import { usePolicies } from './policies-store.ts'
import { useProblems } from './use-problems.ts'
import './file-tree.css'

const icons = {
  workspace: Shield,
  environment: Layers,
  policies: Box,
  rules: Shuffle,
  openapi: FileJson,
  test: FileCheck,
  other: File,
}

/** The files of the workspace. Arrows move, Enter opens, F2 renames, Delete deletes; a right click offers the same. */
export function FileTree({ tree }: { tree: readonly FileNode[] }) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(() => new Set(foreignFolders(tree)))
  const [focused, setFocused] = useState<string>()
  const list = useRef<HTMLDivElement>(null)
  const active = usePolicies((state) => state.active)
  const rows = visibleRows(tree, closed)
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === (focused ?? active)),
  )

  const toggle = (path: string) =>
    setClosed((before) => {
      const next = new Set(before)
      if (!next.delete(path)) next.add(path)
      return next
    })
  const activate = (row: FileRow) => (row.folder ? toggle(row.path) : void openFile(row.path))
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const row = rows[at]
    if (row && (event.key === 'Enter' || event.key === ' ')) {
      event.preventDefault()
      return activate(row)
    }
    const change = row && changes[event.key]
    if (change && !row.folder) {
      event.preventDefault()
      return usePolicies.setState({ dialog: change, subject: row.path })
    }
    const { to, toggle: folder } = moveInTree(rows, at, event.key)
    if (to === undefined && folder === undefined) return
    event.preventDefault()
    if (folder !== undefined) toggle(folder)
    if (to === undefined) return
    setFocused(rows[to]!.path)
    list.current?.querySelectorAll<HTMLElement>('[role="treeitem"]')[to]?.focus()
  }
  return (
    <FileMenu row={rows[at]}>
      <div
        className="file-tree scroll"
        role="tree"
        aria-label="Files of the workspace"
        ref={list}
        onKeyDown={onKeyDown}
      >
        {rows.map((row, index) => (
          <TreeRow
            key={row.path}
            row={row}
            tabIndex={index === at ? 0 : -1}
            selected={row.path === active}
            onFocus={() => setFocused(row.path)}
            onClick={() => activate(row)}
          />
        ))}
      </div>
    </FileMenu>
  )
}

const changes: Readonly<Record<string, 'rename' | 'delete'>> = { F2: 'rename', Delete: 'delete' }

function TreeRow(props: {
  row: FileRow
  tabIndex: number
  selected: boolean
  onFocus: () => void
  onClick: () => void
}) {
  const { row, selected } = props
  const edited = usePolicies(({ documents }) => documents[row.path] !== undefined && isEdited(documents[row.path]!))
  const environment = useWorkspace()?.environment
  const problems = useProblems().filter((problem) => problem.file === row.path)
  const Icon = row.folder ? (row.open ? ChevronDown : ChevronRight) : icons[row.kind]
  const active = row.kind === 'environment' && environment && row.name.replace(/\.ya?ml$/, '') === environment
  return (
    <div
      role="treeitem"
      className="tree-row"
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.folder ? row.open : undefined}
      style={{ paddingLeft: 10 + row.depth * 14 }}
      tabIndex={props.tabIndex}
      onFocus={props.onFocus}
      onClick={props.onClick}
      onContextMenu={props.onFocus}
    >
      <Icon aria-hidden="true" className="tree-icon" />
      <span className={edited ? 'cut tree-edited' : 'cut'}>{row.name}</span>
      {active && <span className="tree-note">active</span>}
      <span className="grow" />
      <ProblemCount problems={problems} />
      {edited && (
        <span className="tree-dot" title="Edited, not saved">
          <span aria-hidden="true">●</span>
          <span className="only-read">edited, not saved</span>
        </span>
      )}
    </div>
  )
}

function ProblemCount({ problems }: { problems: readonly Problem[] }) {
  if (problems.length === 0) return null
  const tone = problems.some((problem) => problem.severity === 'error') ? 'deny' : 'would'
  const words = `${problems.length} problem${problems.length === 1 ? '' : 's'}`
  return (
    <span className={`tree-count tone-${tone}`} title={words}>
      <span aria-hidden="true">
        {tone === 'deny' ? '✕' : '⚠'} {problems.length}
      </span>
      <span className="only-read">{words}</span>
    </span>
  )
}
