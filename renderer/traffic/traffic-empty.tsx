import { Copy } from 'lucide-react'
import { runAction } from '../shell/actions.ts'
import { tellDone } from '../shell/notices.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { copyText } from './exchange-store.ts'
import './traffic-empty.css'

/** Nothing was recorded, or nothing matches. */
export function TrafficEmpty({ recorded }: { recorded: number }) {
  const gateway = useWorkspace((workspace) => workspace.gateway)!
  if (recorded > 0) {
    return (
      <EmptyState
        title="Nothing matches"
        action={<Button onClick={() => runAction('traffic.clearQuery')}>Show all traffic</Button>}
      >
        None of the recorded exchanges fits this query.
      </EmptyState>
    )
  }
  const address = gateway.http ?? gateway.https
  const running = gateway.state === 'running'
  return (
    <EmptyState
      title="No requests yet"
      action={
        running ? (
          <>
            <Button kind="main" onClick={() => runAction('traffic.sample')}>
              Send sample traffic
            </Button>
            <Button onClick={() => runAction('own.show')}>Watch your own traffic …</Button>
          </>
        ) : gateway.state === 'stopped' ? (
          <Button kind="main" onClick={() => runAction('gateway.start')}>
            Start the gateway
          </Button>
        ) : undefined
      }
    >
      Every request that passes the gateway appears here, with what each policy decided and why.
      {address ? (
        <>
          {' '}
          Send your own:
          <OwnRequest line={`curl -i ${address.replace(/\/$/, '')}/`} />
        </>
      ) : (
        gateway.state === 'stopped' && ' The gateway is stopped.'
      )}
    </EmptyState>
  )
}

function OwnRequest({ line }: { line: string }) {
  return (
    <span className="own-request">
      <code>{line}</code>
      <Button
        kind="quiet"
        label="Copy the command"
        onClick={() => {
          void copyText(line).then(() => tellDone('Copied'))
        }}
      >
        <Copy aria-hidden="true" />
      </Button>
    </span>
  )
}
