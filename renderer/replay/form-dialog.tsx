import { type ReactNode, useState } from 'react'
import { failureText } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { useReplay } from './replay-store.ts'
import './request-form.css'

export const closeDialog = () => useReplay.setState({ dialog: undefined })

/** A dialog of a few fields and one action. Where that fails, the fields are told why, and it stays open. */
export function FormDialog({
  title,
  about,
  action,
  ready,
  submit,
  fields,
}: {
  title: string
  about: string
  /** What the button says. */
  action: string
  ready: boolean
  submit: () => Promise<void>
  fields: (failure: string | undefined) => ReactNode
}) {
  const [failure, setFailure] = useState<string>()
  return (
    <Dialog open onClose={closeDialog} title={title} about={about}>
      <form
        className="replay-form"
        onSubmit={(event) => {
          event.preventDefault()
          submit().then(closeDialog, (error: unknown) => setFailure(failureText(error)))
        }}
      >
        {fields(failure)}
        <div className="row">
          <Button kind="main" type="submit" disabled={!ready}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
