import { core } from '../core/core.ts'
import type { Action } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellDone } from '../shell/notices.ts'
import {
  drop,
  dropAll,
  editOf,
  isAnswering,
  resume,
  resumeAll,
  resumeAndHoldResponse,
  toggleAnswer,
  useEditor,
} from './editor-store.ts'
import { readRequest } from './edits.ts'
import { heldRows, selectAt, useIntercept } from './intercept-store.ts'
import { useInject } from './inject-dialog.tsx'
import { useMoveRule } from './move-rule-dialog.tsx'
import { currentDraft, duplicateRule, moveRule, newRule, saveRule, stepRule, toggleRule } from './rule-store.ts'

const message = () => useIntercept.getState().message
const isHeld = () => message() !== undefined && !useIntercept.getState().over && useIntercept.getState().view === 'held'
const isRequest = () => isHeld() && message()!.side === 'request' && message()!.message === undefined
const inRules = () => useIntercept.getState().view === 'rules'
const isRule = () => inRules() && Boolean(useIntercept.getState().rule)
const anyHeld = () => (useIntercept.getState().state?.held ?? 0) > 0

/** What can be done on the Intercept screen. */
export function interceptActions({ focusQuery }: { focusQuery: () => void }): Action[] {
  const group = 'Intercept'
  return [
    {
      id: 'intercept.resume',
      title: 'Resume the held message',
      group,
      shortcut: 'Mod+Enter',
      enabled: isHeld,
      run: resume,
    },
    {
      id: 'intercept.resumeHold',
      title: 'Resume, and hold the response',
      group,
      shortcut: 'Mod+Shift+H',
      enabled: () => isRequest() && !isAnswering(message()!.id),
      run: resumeAndHoldResponse,
    },
    {
      id: 'intercept.respond',
      title: 'Respond directly',
      group,
      shortcut: 'Mod+Shift+E',
      enabled: isRequest,
      run: () => toggleAnswer(message()!),
    },
    {
      id: 'intercept.drop',
      title: 'Drop the held message',
      group,
      shortcut: 'Mod+Shift+Backspace',
      enabled: isHeld,
      run: drop,
    },
    { id: 'intercept.toReplay', title: 'Send the held request to Replay', group, enabled: isRequest, run: toReplay },
    {
      id: 'intercept.extend',
      title: 'Give the held message its whole time once more',
      group,
      shortcut: 'Mod+Shift+L',
      enabled: isHeld,
      run: () => core.call('intercept.extend', { id: message()!.id }).then(reload),
    },
    {
      id: 'intercept.resumeAll',
      title: 'Resume all held messages',
      group,
      shortcut: 'Mod+Alt+Enter',
      enabled: anyHeld,
      run: resumeAll,
    },
    { id: 'intercept.dropAll', title: 'Drop all held messages', group, enabled: anyHeld, run: dropAll },
    {
      id: 'intercept.inject',
      title: 'Put a message into an open connection',
      group,
      keywords: 'inject websocket event stream sse send',
      enabled: () => (useIntercept.getState().state?.connections ?? 0) > 0,
      run: () => useInject.setState({ open: true }),
    },
    { id: 'intercept.query', title: 'Write a breakpoint', group, shortcut: '/', run: focusQuery },
    {
      id: 'intercept.newRule',
      title: 'New rule',
      group,
      keywords: 'rewrite mock delay fault',
      run: () => newRule('rewrite'),
    },
    {
      id: 'intercept.saveRule',
      title: 'Save the rule',
      group,
      shortcut: 'Mod+S',
      enabled: () => inRules() && currentDraft() !== undefined,
      run: saveRule,
    },
    {
      id: 'intercept.ruleUp',
      title: 'Let the rule run earlier',
      group,
      keywords: 'move up reorder order',
      shortcut: 'Alt+ArrowUp',
      enabled: isRule,
      run: () => moveRule(-1),
    },
    {
      id: 'intercept.ruleDown',
      title: 'Let the rule run later',
      group,
      keywords: 'move down reorder order',
      shortcut: 'Alt+ArrowDown',
      enabled: isRule,
      run: () => moveRule(1),
    },
    {
      id: 'intercept.moveRuleTo',
      title: 'Move the rule to another file',
      group,
      keywords: 'reorder',
      enabled: isRule,
      run: () => useMoveRule.setState({ open: true }),
    },
    {
      id: 'intercept.toggleRule',
      title: 'Turn the rule on or off',
      group,
      keywords: 'enable disable',
      shortcut: 'e',
      enabled: isRule,
      run: () => toggleRule(),
    },
    {
      id: 'intercept.duplicateRule',
      title: 'Make a copy of the rule',
      group,
      keywords: 'duplicate',
      shortcut: 'd',
      enabled: isRule,
      run: duplicateRule,
    },
    {
      id: 'intercept.next',
      title: 'Next message, or rule',
      group,
      shortcut: 'j ArrowDown',
      hidden: true,
      enabled: () => inRules() || anyHeld(),
      run: () => move(1),
    },
    {
      id: 'intercept.previous',
      title: 'Previous message, or rule',
      group,
      shortcut: 'k ArrowUp',
      hidden: true,
      enabled: () => inRules() || anyHeld(),
      run: () => move(-1),
    },
  ]
}

function move(step: number): void {
  if (inRules()) return stepRule(step)
  const { selected } = useIntercept.getState()
  const at = selected === undefined ? -1 : heldRows.indexOf(selected)
  selectAt(at === -1 ? 0 : at + step)
}

/** The new time limit is shown at once. */
async function reload(): Promise<void> {
  const { selected, secrets } = useIntercept.getState()
  if (selected === undefined) return
  const next = await core.call('intercept.message', { id: selected, secrets })
  if (useIntercept.getState().selected === selected) useIntercept.setState({ message: next })
}

async function toReplay(): Promise<void> {
  const held = message()!
  if (isAnswering(held.id)) toggleAnswer(held)
  const read = readRequest(editOf(held), held)
  if ('problem' in read) {
    useEditor.setState({ problem: read.problem })
    return
  }
  const { id } = await core.call('intercept.toReplay', { id: held.id, request: read.edit })
  tellDone('A replay of it was made; the request is still held')
  useNavigation.getState().openReplay(id)
}
