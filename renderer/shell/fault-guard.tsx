import { Component, type ReactNode } from 'react'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { useNotices } from './notices.ts'
import { type Front, useFront } from './windows.ts'

interface Fault {
  fault: Error | undefined
}

/** A part that broke takes no other along: it says so in its place, and the window goes on. */
export class FaultGuard extends Component<{ what: string; children: ReactNode }, Fault> {
  override state: Fault = { fault: undefined }

  static getDerivedStateFromError(thrown: unknown): Fault {
    return { fault: asError(thrown) }
  }

  override render() {
    const { fault } = this.state
    if (!fault) return this.props.children
    return (
      <div className="pane" role="alert">
        <EmptyState
          title={`${this.props.what} cannot be shown`}
          action={
            <>
              <Button kind="main" onClick={() => location.reload()}>
                Load the window again
              </Button>
              <Button onClick={() => this.setState({ fault: undefined })}>Try again</Button>
            </>
          }
        >
          It broke with <code>{fault.message}</code>. The gateway goes on meanwhile, and what was recorded is kept.
        </EmptyState>
      </div>
    )
  }
}

/** A dialog that broke is closed, with a notice that says why. */
export class DialogGuard extends Component<{ front: Front | undefined; children: ReactNode }, Fault> {
  override state: Fault = { fault: undefined }

  static getDerivedStateFromError(thrown: unknown): Fault {
    return { fault: asError(thrown) }
  }

  override componentDidCatch(thrown: unknown): void {
    useNotices.getState().tell({
      what: `The dialog broke: ${asError(thrown).message}`,
      todo: 'Open it again; what it would have done was not done.',
      severity: 'error',
    })
    useFront.getState().show(undefined)
  }

  override componentDidUpdate({ front }: { front: Front | undefined }): void {
    if (this.state.fault && front !== this.props.front) this.setState({ fault: undefined })
  }

  override render() {
    return this.state.fault ? null : this.props.children
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
