import { kindOf } from '../rejudge/blame.ts'
import type { WhatIfKind, WhatIfOutcome } from '../protocol/what-if.ts'
import { messageFrom } from '../rejudge/said-otherwise.ts'
import type { WhatIfReport } from '../rejudge/what-if.ts'
import { visible } from '../visible.ts'
import type { Io, Style } from './io.ts'
import { positionsIn } from './load.ts'
import type { BlamedChange } from './rejudge.ts'

const kinds: readonly { kind: WhatIfKind; name: string; style: Style; mark: string }[] = [
  { kind: 'newlyDenied', name: 'newly denied', style: 'red', mark: '✕' },
  { kind: 'newlyAllowed', name: 'newly allowed', style: 'yellow', mark: '●' },
  { kind: 'otherPolicy', name: 'decided otherwise', style: 'blue', mark: '◆' },
  { kind: 'transformed', name: 'transformed', style: 'blue', mark: '◆' },
  { kind: 'undecidable', name: 'undecidable', style: 'magenta', mark: '?' },
]
/** Ids that are named of each group. */
const examples = 3

/** Counts, then what changes, grouped by how and why, with the lines of the edit. */
export function rejudgeText(io: Io, folder: string, report: WhatIfReport, changes: readonly BlamedChange[]): string[] {
  const { paint } = io
  const shown = positionsIn(io, folder)
  const line = (file: string, at: number) => visible(shown({ file, line: at, column: 1 }).replace(/:1$/, ''), 300)
  const counts = kinds.map(({ kind, name, style }) => {
    const text = `${count(report[kind])} ${name}`
    return report[kind] > 0 ? paint(style, text) : paint('dim', text)
  })
  const lines = [
    `${count(report.exchanges)} exchange${report.exchanges === 1 ? '' : 's'} judged again in ${time(report.milliseconds)}`,
    `  ${[`${count(report.same)} same`, ...counts].join('   ')}`,
    ...notes(report).map((note) => `  ${paint('dim', note)}`),
  ]
  for (const { kind, name, style, mark } of kinds) {
    const groups = groupsOf(changes.filter((change) => change.kind === kind))
    if (groups.length === 0) continue
    lines.push('', paint('bold', name))
    for (const group of groups) {
      const [first] = group as [BlamedChange, ...BlamedChange[]]
      const { before, after, blame, missing, differs, message } = first
      const place = after.position ?? before.position
      lines.push(
        `${paint(style, mark)} ${count(group.length)} × ${ending(before)} → ${ending(after)}${place ? `  ${paint('cyan', line(place.file, place.line))}` : ''}`,
      )
      if (kind === 'undecidable') lines.push(`    lacks ${visible(missing ?? 'a fact', 200)}`)
      if (differs) lines.push(`    ${visible(differs.join(', '), 300)}`)
      else if (message) lines.push(`    ${messageFrom(message)}`)
      for (const hunk of blame) {
        lines.push(`    because of ${paint('cyan', line(hunk.file, hunk.line))}  ${visible(hunk.text.trim(), 200)}`)
      }
      const ids = group.slice(0, examples).map((one) => {
        return one.message ? `${visible(one.id)} message ${one.message.number}` : visible(one.id)
      })
      const more = group.length > examples ? ` and ${count(group.length - examples)} more` : ''
      lines.push(paint('dim', `    ${ids.join(', ')}${more}`))
    }
  }
  return lines
}

function groupsOf(changes: readonly BlamedChange[]): BlamedChange[][] {
  const groups = new Map<string, BlamedChange[]>()
  for (const change of changes) {
    const key = kindOf(change)
    const group = groups.get(key)
    if (group) group.push(change)
    else groups.set(key, [change])
  }
  return [...groups.values()].sort((one, other) => other.length - one.length)
}

function ending({ verdict, status, code, decidedBy }: WhatIfOutcome): string {
  const policy = decidedBy === undefined ? '' : ` by ${visible(decidedBy, 200)}`
  const word = code ?? verdict
  return `${status === undefined ? '' : `${status} `}${word}${policy}`
}

function notes({ reused, warming, missing }: WhatIfReport): string[] {
  const list: string[] = []
  if (reused > 0) list.push(`${count(reused)} cannot be touched by it and were taken as recorded`)
  if (warming > 0) list.push(`${count(warming)} in the first window of a counter that began empty`)
  for (const [fact, exchanges] of Object.entries(missing)) list.push(`${count(exchanges)} lack ${visible(fact, 200)}`)
  return list
}

function time(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
}

function count(number: number): string {
  return number.toLocaleString('en')
}
