import { type KeyboardEvent, useEffect } from 'react'
import { runAction, useActions } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { matchesShortcut } from '../ui/shortcut.ts'
import { Tabs } from '../ui/tabs.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { KeepDialog, OperationDialog } from './keep-dialog.tsx'
import { RaceDialog } from './race-dialog.tsx'
import { StepDialog } from './step-dialog.tsx'
import { replayActions } from './replay-actions.ts'
import { followNavigation, followReplay, type ReplayView, useReplay } from './replay-store.ts'
import { replayViews } from './replay-views.tsx'
import './replay.css'

const senders: Partial<Record<ReplayView, string>> = {
  requests: 'replay.send',
  sequences: 'replay.runSequence',
  recorded: 'replay.runRecorded',
}

/** Ctrl-Enter sends from anywhere, also where Enter alone would press the button that has the focus. */
function sendByKey(event: KeyboardEvent): void {
  const action = senders[useReplay.getState().view]
  if (action === undefined || !matchesShortcut('Mod+Enter', event)) return
  if ((event.target as Element).closest('[role="dialog"]')) return
  event.preventDefault()
  event.stopPropagation()
  runAction(action)
}

/** Requests that are edited, sent, compared, put in sequence and raced. */
export function ReplayScreen() {
  const view = useReplay((replay) => replay.view)
  const dialog = useReplay((replay) => replay.dialog)
  const wanted = useNavigation((navigation) => navigation.replayEntry)
  useEffect(followReplay, [])
  useEffect(followNavigation, [wanted])
  useActions(replayActions())
  const { Component } = replayViews.find((one) => one.id === view)!
  return (
    <section className="pane replay" aria-label="Replay" onKeyDownCapture={sendByKey}>
      <Tabs
        label="Parts of Replay"
        tabs={replayViews}
        value={view}
        onChange={(next) => useReplay.setState({ view: next })}
      >
        <Component />
      </Tabs>
      {dialog === 'import' && <ImportDialog />}
      {dialog === 'keep' && <KeepDialog />}
      {dialog === 'race' && <RaceDialog />}
      {dialog === 'step' && <StepDialog />}
      {dialog === 'operation' && <OperationDialog />}
    </section>
  )
}
