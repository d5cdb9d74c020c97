import { create } from 'zustand'
import type { RuleCheck } from '../../gateway-core/protocol/intercept.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { useIntercept } from './intercept-store.ts'

interface RuleDraft {
  /** Name of the rule that is edited; undefined: a new one. */
  name: string | undefined
  text: string
  /** As it stands in the file. */
  saved: string
  check: RuleCheck | undefined
  place: { file: string; line: number } | undefined
}

export const useRule = create<{ draft: RuleDraft | undefined }>(() => ({ draft: undefined }))

let run = 0
let timer: ReturnType<typeof setTimeout> | undefined
const typingMs = 200

/** Shows a rule of the workspace in the editor. */
export async function openRule(name: string): Promise<void> {
  try {
    const { text, file, line } = await core.call('intercept.ruleText', { name })
    begin({ name, text, saved: text, check: undefined, place: { file, line } })
  } catch (error) {
    tellFailure(error)
  }
}

/** Begins a rule of a kind. */
export async function newRule(kind: 'rewrite' | 'mock' | 'delay' | 'fault'): Promise<void> {
  try {
    const { text } = await core.call('intercept.ruleTemplate', { kind })
    useIntercept.setState({ view: 'rules', rule: '' })
    begin({ name: undefined, text, saved: '', check: undefined, place: undefined })
  } catch (error) {
    tellFailure(error)
  }
}

export function writeRule(text: string): void {
  const { draft } = useRule.getState()
  if (!draft) return
  useRule.setState({ draft: { ...draft, text } })
  clearTimeout(timer)
  timer = setTimeout(() => void check(), typingMs)
}

export async function saveRule(): Promise<void> {
  const { draft } = useRule.getState()
  if (!draft || draft.text === draft.saved) return
  const { name, text } = draft
  await core.call('intercept.ruleSave', { text, ...(name !== undefined && { name }) })
  const now = /^name:\s*(.+?)\s*(?:#.*)?$/m.exec(text)?.[1]?.replace(/^(["'])(.*)\1$/, '$2')
  tellDone('Rule saved: it is in force')
  useIntercept.setState({ rule: now })
  if (now !== undefined) await openRule(now)
}

export async function removeRule(): Promise<void> {
  const { draft } = useRule.getState()
  if (draft?.name !== undefined) await core.call('intercept.ruleRemove', { name: draft.name })
  useRule.setState({ draft: undefined })
  useIntercept.setState({ rule: undefined })
}

function begin(draft: RuleDraft): void {
  useRule.setState({ draft })
  void check()
}

async function check(): Promise<void> {
  const { draft } = useRule.getState()
  if (!draft) return
  const mine = ++run
  const { name, text } = draft
  try {
    const result = await core.call('intercept.ruleCheck', { text, ...(name !== undefined && { name }) })
    const now = useRule.getState().draft
    if (mine === run && now) useRule.setState({ draft: { ...now, check: result } })
  } catch (error) {
    tellFailure(error)
  }
}
