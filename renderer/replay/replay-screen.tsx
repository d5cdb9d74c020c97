import { useEffect } from 'react'
import { useActions } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { Tabs } from '../ui/tabs.tsx'
import { ImportDialog } from './import-dialog.tsx'
import { KeepDialog, OperationDialog } from './keep-dialog.tsx'
import { RaceDialog } from './race-dialog.tsx'
import { replayActions } from './replay-actions.ts'
import { followNavigation, followReplay, useReplay } from './replay-store.ts'
import { replayViews } from './replay-views.tsx'
import './replay.css'

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
    <section className="pane replay" aria-label="Replay">
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
      {dialog === 'operation' && <OperationDialog />}
    </section>
  )
}
