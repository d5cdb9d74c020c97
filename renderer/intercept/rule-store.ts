import { create } from 'zustand'
import type { RuleCheck } from '../../gateway-core/protocol/intercept.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { useIntercept } from './intercept-store.ts'
import type { RuleKind, RuleValue } from './rule-fields.ts'

export interface RuleDraft {
  text: string
  /** As it stands in the file; empty for a new one. */
  saved: string
  /** What the text says; absent while it cannot be read. */
  value: RuleValue | undefined
  check: RuleCheck | undefined
  place: { file: string; line: number } | undefined
}

interface Rules {
  /** By the name in the file; `''` is a new one. What was written stays until it is saved or thrown away. */
  drafts: Readonly<Record<string, RuleDraft>>
  look: 'form' | 'text'
}

export const useRules = create<Rules>(() => ({ drafts: {}, look: 'form' }))

// Another workspace has other rules.
useIntercept.subscribe(({ state }, before) => {
  if (state === undefined && before.state !== undefined) useRules.setState({ drafts: {} })
})

let wantsFocus = false
/** Numbers of the newest check and of the newest filling in: answers to older ones are passed over. */
let checks = 0
let fills = 0
/** What was filled in and is not in the text yet. */
let filling: Promise<unknown> = Promise.resolve()
let timer: ReturnType<typeof setTimeout> | undefined
const typingMs = 200

export const isChanged = ({ text, saved }: RuleDraft): boolean => text !== saved

/** The one in the editor. */
export function currentDraft(): RuleDraft | undefined {
  const { rule } = useIntercept.getState()
  return rule === undefined ? undefined : useRules.getState().drafts[rule]
}

/** Reads a rule of the workspace for the editor; what was written into it before stays. */
export async function openRule(name: string): Promise<void> {
  try {
    const { text, file, line } = await core.call('intercept.ruleText', { name })
    // Somebody may have begun to type meanwhile.
    const before = useRules.getState().drafts[name]
    const kept = before && isChanged(before) ? before : undefined
    const draft = { value: undefined, check: undefined, ...kept, saved: text, place: { file, line } }
    put(name, { ...draft, text: kept?.text ?? text })
    await check()
  } catch (error) {
    tellFailure(error)
  }
}

/** Begins a rule of a kind. */
export async function newRule(kind: RuleKind): Promise<void> {
  try {
    const { text } = await core.call('intercept.ruleTemplate', { kind })
    put('', { text, saved: '', value: undefined, check: undefined, place: undefined })
    useIntercept.setState({ view: 'rules', rule: '' })
    await check()
    focusRule()
  } catch (error) {
    tellFailure(error)
  }
}

/** The text was written by hand. */
export function writeRule(text: string): void {
  fills++
  change({ text })
  clearTimeout(timer)
  timer = setTimeout(() => void check(), typingMs)
}

/** The form was filled in: the text follows. */
export function fillRule(value: RuleValue): void {
  const draft = currentDraft()
  if (!draft) return
  change({ value })
  // What a check says of the text before would undo what was just typed.
  checks++
  clearTimeout(timer)
  filling = fill(draft.text, value)
}

async function fill(before: string, value: RuleValue): Promise<void> {
  const mine = ++fills
  const { rule } = useIntercept.getState()
  try {
    const { text } = await core.call('intercept.ruleFill', { text: before, value })
    if (mine !== fills || useIntercept.getState().rule !== rule) return
    change({ text })
    timer = setTimeout(() => void check(), typingMs / 2)
  } catch (error) {
    tellFailure(error)
  }
}

export async function saveRule(): Promise<void> {
  await filling
  const { rule } = useIntercept.getState()
  const draft = currentDraft()
  if (rule === undefined || !draft || !isChanged(draft)) return
  // What was typed a moment ago may not have been read yet.
  const { value } = await core.call('intercept.ruleCheck', { text: draft.text, ...(rule !== '' && { name: rule }) })
  await core.call('intercept.ruleSave', { text: draft.text, ...(rule !== '' && { name: rule }) })
  tellDone('Rule saved: it is in force')
  forget(rule)
  const name = value?.['name']
  choose(typeof name === 'string' ? name : rule)
}

/** Takes the rule out of its file, or throws the draft away. */
export async function removeRule(): Promise<void> {
  const { rule } = useIntercept.getState()
  if (rule === undefined) return
  if (rule !== '') await core.call('intercept.ruleRemove', { name: rule })
  forget(rule)
  choose(undefined)
}

/** Back to what stands in the file. */
export function revertRule(): void {
  const draft = currentDraft()
  if (draft) writeRule(draft.saved)
}

export async function duplicateRule(): Promise<void> {
  const { rule } = useIntercept.getState()
  if (!rule) return
  const { name } = await core.call('intercept.ruleDuplicate', { name: rule })
  choose(name)
}

export async function moveRule(step: -1 | 1): Promise<void> {
  const { rule } = useIntercept.getState()
  if (!rule) return
  await core.call('intercept.ruleMove', { name: rule, step })
  // It may stand in another file now.
  await openRule(rule)
}

/** Moves the rule behind those of another file; what was typed into it and not saved stays. */
export async function moveRuleTo(file: string): Promise<void> {
  const { rule } = useIntercept.getState()
  if (!rule) return
  await core.call('intercept.ruleMoveTo', { name: rule, file })
  await openRule(rule)
}

export async function toggleRule(name = useIntercept.getState().rule): Promise<void> {
  const rule = useIntercept.getState().state?.rules.find((one) => one.name === name)
  if (!rule) return
  await core.call('intercept.ruleEnable', { name: rule.name, enabled: !rule.enabled })
  // The one word that changed in the file is no edit of this draft.
  if (useRules.getState().drafts[rule.name]) await openRule(rule.name)
}

/** Goes through the list. */
export function stepRule(step: number): void {
  const { state, rule } = useIntercept.getState()
  const rules = state?.rules ?? []
  const at = rules.findIndex(({ name }) => name === rule)
  const next = rules[at === -1 ? 0 : at + step]
  if (next) choose(next.name)
}

/** Shows a rule in the editor. */
export function choose(name: string | undefined): void {
  wantsFocus = false
  useIntercept.setState({ rule: name })
}

/** Goes on into the rule that is chosen, once it is there. */
export function focusRule(): void {
  wantsFocus = true
  requestAnimationFrame(takeFocus)
}

/** Called when an editor is shown: takes the focus where somebody asked for that. */
export function takeFocus(): void {
  const first = document.querySelector<HTMLElement>('.rule-form input, .rule-text')
  if (!wantsFocus || !first) return
  wantsFocus = false
  first.focus()
  if (first instanceof HTMLInputElement) first.select()
}

function put(name: string, draft: RuleDraft): void {
  useRules.setState(({ drafts }) => ({ drafts: { ...drafts, [name]: draft } }))
}

function forget(name: string): void {
  useRules.setState(({ drafts }) => ({
    drafts: Object.fromEntries(Object.entries(drafts).filter(([one]) => one !== name)),
  }))
}

function change(part: Partial<RuleDraft>): void {
  const { rule } = useIntercept.getState()
  const draft = currentDraft()
  if (rule !== undefined && draft) put(rule, { ...draft, ...part })
}

async function check(): Promise<void> {
  const { rule } = useIntercept.getState()
  const draft = currentDraft()
  if (rule === undefined || !draft) return
  const mine = ++checks
  try {
    const result = await core.call('intercept.ruleCheck', { text: draft.text, ...(rule !== '' && { name: rule }) })
    if (mine === checks && useIntercept.getState().rule === rule) change({ check: result, value: result.value })
  } catch (error) {
    tellFailure(error)
  }
}
