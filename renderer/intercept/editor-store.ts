import { create } from 'zustand'
import type { HeldMessage } from '../../gateway-core/protocol/intercept.ts'
import { core } from '../core/core.ts'
import { tellDone } from '../shell/notices.ts'
import { plural } from '../ui/format.ts'
import {
  answerEdit,
  type Edit,
  isChanged,
  originalEdit,
  type Read,
  readMessage,
  readRequest,
  readResponse,
} from './edits.ts'
import { selectHeld, selectNext, useIntercept } from './intercept-store.ts'

interface Editor {
  /** By id of the held message: what was typed stays while one looks at another. */
  edits: ReadonlyMap<number, Edit>
  /** Answers that are being written in the place of requests. */
  answers: ReadonlyMap<number, Edit>
  problem: { in: 'head' | 'body'; line: number; message: string } | undefined
}

export const useEditor = create<Editor>(() => ({ edits: new Map(), answers: new Map(), problem: undefined }))

/** What the editor shows for a message: an answer where one is being written. */
export function editOf(message: HeldMessage): Edit {
  const { edits, answers } = useEditor.getState()
  return answers.get(message.id) ?? edits.get(message.id) ?? originalEdit(message)
}

export function isAnswering(id: number): boolean {
  return useEditor.getState().answers.has(id)
}

export function setEdit(message: HeldMessage, change: Partial<Edit>): void {
  const kind = isAnswering(message.id) ? 'answers' : 'edits'
  const next = new Map(useEditor.getState()[kind])
  next.set(message.id, { ...editOf(message), ...change })
  useEditor.setState({ [kind]: next, problem: undefined })
}

/** Back to what came. */
export function revert({ id }: HeldMessage): void {
  const without = (edits: ReadonlyMap<number, Edit>) => new Map([...edits].filter(([one]) => one !== id))
  useEditor.setState(({ edits, answers }) => ({ edits: without(edits), answers: without(answers), problem: undefined }))
}

/** Begins to write an answer to a held request, or leaves that. */
export function toggleAnswer({ id }: HeldMessage): void {
  const answers = new Map(useEditor.getState().answers)
  if (!answers.delete(id)) answers.set(id, answerEdit())
  useEditor.setState({ answers, problem: undefined })
}

/** Shows the secrets of the selected message, or hides them. What was typed with markers in it stays. */
export async function toggleSecrets(message: HeldMessage): Promise<void> {
  const { secrets } = useIntercept.getState()
  if (useEditor.getState().edits.has(message.id)) return
  await selectHeld(message.id, !secrets)
}

/** Lets the selected message go on: as it came, as edited, or answered. */
export async function resume(): Promise<void> {
  const { message, over } = useIntercept.getState()
  if (!message || over) return
  const { id } = message
  const edit = editOf(message)
  if (isAnswering(id)) {
    const response = read(readResponse(edit, undefined))
    if (response) ended([id], (await core.call('intercept.respond', { id, response })).ended, 'Answered')
    return
  }
  if (!isChanged(edit, message)) {
    ended([id], (await core.call('intercept.resume', { ids: [id] })).ended, undefined)
    return
  }
  if (message.message !== undefined) {
    const changed = read(readMessage(edit, message))
    if (changed) ended([id], (await core.call('intercept.resume', { ids: [id], message: changed })).ended, undefined)
  } else if (message.side === 'request') {
    const request = read(readRequest(edit, message))
    if (request) ended([id], (await core.call('intercept.resume', { ids: [id], request })).ended, undefined)
  } else {
    const response = read(readResponse(edit, message))
    if (response) ended([id], (await core.call('intercept.resume', { ids: [id], response })).ended, undefined)
  }
}

/** Lets the selected request go on, and holds the answer to it. */
export async function resumeAndHoldResponse(): Promise<void> {
  const { message, over } = useIntercept.getState()
  if (!message || over || 'problem' in readRequest(editOf(message), message)) return resume()
  const settings = { query: `id:${message.exchange}`, on: 'response', once: true, seconds: 60 } as const
  await core.call('intercept.addBreakpoint', settings)
  await resume()
}

export async function drop(): Promise<void> {
  const { message, over } = useIntercept.getState()
  if (!message || over) return
  ended([message.id], (await core.call('intercept.drop', { ids: [message.id] })).ended, undefined)
}

export async function resumeAll(): Promise<void> {
  const { ended: count } = await core.call('intercept.resumeAll', {})
  useIntercept.setState({ selected: undefined, message: undefined, over: false })
  tellDone(`${plural(count, 'message')} resumed`)
}

export async function dropAll(): Promise<void> {
  const { ended: count } = await core.call('intercept.dropAll', {})
  useIntercept.setState({ selected: undefined, message: undefined, over: false })
  tellDone(`${plural(count, 'message')} dropped`)
}

function read<T>(result: Read<T>): T | undefined {
  if ('edit' in result) return result.edit
  useEditor.setState({ problem: result.problem })
  return undefined
}

function ended(ids: readonly number[], count: number, done: string | undefined): void {
  if (count === 0) {
    useIntercept.setState({ over: true })
    return
  }
  for (const id of ids) revert({ id } as HeldMessage)
  if (done) tellDone(done)
  selectNext(ids)
}
