import { Copy, FlaskConical, KeyRound, RotateCw, SquarePen, X } from 'lucide-react'
import { useEffect, useState } from 'react'
import { create } from 'zustand'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useActions, useShortcut } from '../shell/actions.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { CaseBanner } from './case-banner.tsx'
import { isCase, useOpenedCases } from './cases.ts'
import { Changes } from './changes.tsx'
import { Decisions } from './decisions.tsx'
import { enterExchange, useEntering, useExchange } from './exchange-store.ts'
import { hasMessages, MessageRows } from './message-list.tsx'
import { MessageViews } from './message-views.tsx'
import { changeCount } from './message-changes.ts'
import { useRowVersion } from './row-version.ts'
import { sealedWords } from './sealed-text.tsx'
import { StepThrough } from './step-through.tsx'
import { copyTitles } from './traffic-actions.ts'
import './exchange-pane.css'

const tabIds = ['decisions', 'request', 'response', 'changes', 'messages', 'steps'] as const
type Tab = (typeof tabIds)[number]

const tabKey = (tab: Tab) => String(tabIds.indexOf(tab) + 1)
const tabItem = (id: Tab, title: string) => ({ id, title, tip: `${title} (${tabKey(id)})` })

/** The tab stays as one goes from exchange to exchange. */
const useTab = create<{ tab: Tab }>(() => ({ tab: 'decisions' }))

/** One exchange: what was decided and why, then the messages. */
export function ExchangePane({ id, onClose }: { id: string; onClose: () => void }) {
  const revision = useWorkspace((workspace) => workspace.revision)!
  // An exchange that is still open says more each time that the list changes.
  const [open, setOpen] = useState(false)
  const version = useRowVersion(open)
  const opened = useOpenedCases(({ times }) => times)
  const loaded = useExchange(id, revision, version + opened)
  const detail = loaded && 'detail' in loaded ? loaded.detail : undefined
  const isOpen = detail?.exchange.id === id && detail.exchange.state === 'open'
  useEffect(() => setOpen(isOpen), [isOpen])
  const entering = useEntering(({ wanted }) => wanted) && detail?.exchange.id === id
  useEffect(() => {
    if (entering) enterExchange()
  }, [entering])
  // Who went on to another one meanwhile stays in the table.
  useEffect(() => () => useEntering.setState({ wanted: false }), [id])
  useActions(
    tabIds.map((tab) => ({
      id: `traffic.tab.${tab}`,
      title: `Show ${tab}`,
      group: 'Traffic',
      shortcut: tabKey(tab),
      hidden: true,
      run: () => useTab.setState({ tab }),
    })),
  )
  return (
    <section className="pane exchange" aria-label="Exchange">
      {detail ? (
        <Exchange detail={detail} version={version} onClose={onClose} />
      ) : loaded && 'refusal' in loaded ? (
        <>
          <div className="bar">
            <span className="grow" />
            <CloseButton onClose={onClose} />
          </div>
          <EmptyState title="This exchange cannot be shown">
            {loaded.refusal.what}
            {loaded.refusal.todo && ` — ${loaded.refusal.todo}`}
          </EmptyState>
        </>
      ) : (
        <div className="bar" />
      )}
    </section>
  )
}

function Exchange({ detail, version, onClose }: { detail: ExchangeDetail; version: number; onClose: () => void }) {
  const { exchange } = detail
  const opened = useOpenedCases(({ times }) => times)
  const chosen = useTab((state) => state.tab)
  const messages = hasMessages(detail)
  const tab = (chosen === 'messages' && !messages) || (chosen === 'steps' && isCase(exchange.id)) ? 'decisions' : chosen
  const { request, status, verdict } = exchange
  const changes = changeCount(exchange)
  const title = `${visible(request.method, 16)} ${visible(sealedWords(request.query === '' ? request.path : `${request.path}?${request.query}`), 400)}`
  return (
    <>
      <div className="bar">
        <h2 className="cut" title={title}>
          {title}
        </h2>
        <Chip tone={toneOf(verdict, status)}>{status === 0 ? 'no answer' : status}</Chip>
        <span className="grow" />
        {!isCase(exchange.id) && (
          <>
            <CopyMenu />
            <TokensButton />
            <TestButton />
            <ReplayButton />
            <ResendButton />
          </>
        )}
        <CloseButton onClose={onClose} />
      </div>
      {isCase(exchange.id) && <CaseBanner key={opened} id={exchange.id} />}
      <Tabs
        label="Views of the exchange"
        value={tab}
        onChange={(next) => useTab.setState({ tab: next })}
        tabs={[
          tabItem('decisions', 'Decisions'),
          tabItem('request', 'Request'),
          tabItem('response', 'Response'),
          { ...tabItem('changes', 'Original ↔ modified'), ...(changes > 0 && { note: changes }) },
          ...(messages ? [tabItem('messages', 'Messages')] : []),
          ...(isCase(exchange.id) ? [] : [tabItem('steps', 'Step through')]),
        ]}
      >
        {tab === 'decisions' && <Decisions detail={detail} />}
        {tab === 'request' && <MessageViews key={exchange.id} detail={detail} of="request" />}
        {tab === 'response' && <MessageViews key={exchange.id} detail={detail} of="response" />}
        {tab === 'changes' && <Changes detail={detail} />}
        {tab === 'steps' && <StepThrough id={exchange.id} />}
        {tab === 'messages' && <MessageRows detail={detail} version={version} />}
      </Tabs>
    </>
  )
}

function toneOf(verdict: string, status: number): 'pass' | 'deny' | 'modify' | 'skip' {
  if (verdict === 'pass') return status >= 400 ? 'skip' : 'pass'
  if (verdict === 'respond') return 'modify'
  return verdict === 'aborted' ? 'skip' : 'deny'
}

function ResendButton() {
  return (
    <Button
      tip="Send the request again as it was"
      shortcut={useShortcut('traffic.resend')}
      onClick={() => runAction('traffic.resend')}
    >
      <RotateCw aria-hidden="true" />
      Resend
    </Button>
  )
}

function ReplayButton() {
  return (
    <Button
      label="Open in Replay: edit and send again"
      shortcut={useShortcut('traffic.replay')}
      onClick={() => runAction('traffic.replay')}
    >
      <SquarePen aria-hidden="true" />
    </Button>
  )
}

function TestButton() {
  return (
    <Button
      label="Make a policy test of this"
      shortcut={useShortcut('traffic.test')}
      onClick={() => runAction('traffic.test')}
    >
      <FlaskConical aria-hidden="true" />
    </Button>
  )
}

function TokensButton() {
  return (
    <Button
      label="Read its tokens"
      shortcut={useShortcut('traffic.tokens')}
      onClick={() => runAction('traffic.tokens')}
    >
      <KeyRound aria-hidden="true" />
    </Button>
  )
}

function CopyMenu() {
  const shortcut = useShortcut('traffic.copy.curl')
  return (
    <Menu
      align="end"
      trigger={
        <Button label="Copy the request">
          <Copy aria-hidden="true" />
        </Button>
      }
    >
      {(Object.keys(copyTitles) as (keyof typeof copyTitles)[]).map((as) => (
        <MenuItem key={as} onSelect={() => runAction(`traffic.copy.${as}`)} {...(as === 'curl' && { shortcut })}>
          Copy as {copyTitles[as]}
        </MenuItem>
      ))}
      <MenuItem onSelect={() => runAction('traffic.copy.test')}>Copy as policy test</MenuItem>
    </Menu>
  )
}

function CloseButton({ onClose }: { onClose: () => void }) {
  return (
    <Button kind="quiet" label="Close the exchange" shortcut={useShortcut('traffic.close')} onClick={onClose}>
      <X aria-hidden="true" />
    </Button>
  )
}
