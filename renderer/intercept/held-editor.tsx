import { Clock, Eye, EyeOff, Reply, Send, Trash2, Undo2 } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import type { HeldMessage } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { Countdown } from './countdown.tsx'
import { drop, editOf, isAnswering, revert, setEdit, toggleAnswer, toggleSecrets, useEditor } from './editor-store.ts'
import { answerNote, isChanged, lengthNote } from './edits.ts'
import { heldRows, selectHeld, useIntercept } from './intercept-store.ts'
import { BodyEditor } from './body-editor.tsx'

/** One held message: read it, change it, and say what becomes of it. */
export function HeldEditor({ message }: { message: HeldMessage }) {
  useEditor((editor) => editor.edits)
  useEditor((editor) => editor.answers)
  const problem = useEditor((editor) => editor.problem)
  const over = useIntercept((intercept) => intercept.over)
  const edit = editOf(message)
  const answering = isAnswering(message.id)
  const changed = answering || isChanged(edit, message)
  useEffect(() => useEditor.setState({ problem: undefined }), [message.id])
  const version = useIntercept((intercept) => intercept.version)
  useEffect(() => {
    // Nobody wrote anything here: what waits is more interesting than what went on.
    const next = over && !changed ? heldRows.first() : undefined
    if (next) void selectHeld(next.id)
  }, [over, changed, version])
  const title = `${visible(message.method, 16)} ${visible(message.url, 300)}`
  const note = useMemo(() => (answering ? answerNote(edit) : lengthNote(edit, message)), [edit, message, answering])
  return (
    <section className="pane held-editor" aria-label="Held message">
      <div className="bar">
        <h2 className="cut" title={title}>
          {title}
        </h2>
        <Chip tone={answering ? 'modify' : 'skip'}>{answering ? 'your answer' : kindOf(message)}</Chip>
        {changed && !answering && <Chip tone="modify">edited</Chip>}
        {changed && (
          <Button kind="quiet" aria-label="Revert" tip="Back to what came" onClick={() => revert(message)}>
            <Undo2 aria-hidden="true" />
          </Button>
        )}
        <span className="grow" />
        {!over && <Countdown until={message.until} />}
        <Button
          kind="quiet"
          label="Give it its whole time once more"
          disabled={over}
          shortcut={useShortcut('intercept.extend')}
          onClick={() => runAction('intercept.extend')}
        >
          <Clock aria-hidden="true" />
        </Button>
        <SecretsButton message={message} changed={changed} />
      </div>
      <Actions message={message} answering={answering} changed={changed} over={over} />
      {over && (
        <p className="held-over tone-would" role="status">
          {changed
            ? 'This message is not held any more: its time was over, its client left, or somebody else let it go. What you changed was not sent.'
            : 'This message is not held any more.'}
        </p>
      )}
      <div className="held-parts">
        {message.message === undefined && (
          <Head edit={edit} message={message} problem={problem?.in === 'head' ? problem : undefined} />
        )}
        <BodyEditor
          key={`${message.id} ${answering}`}
          message={answering ? undefined : message}
          edit={edit}
          problem={problem?.in === 'body' ? problem : undefined}
          onChange={(change) => setEdit(message, change)}
        />
        {note && <p className={note.exact ? 'held-note tone-would' : 'held-note dim'}>{note.text}</p>}
      </div>
    </section>
  )
}

function kindOf({ message, side, status }: HeldMessage): string {
  if (message !== undefined) return `${message} ${side === 'request' ? 'to the upstream' : 'to the client'}`
  return side === 'request' ? 'request' : `response ${status}`
}

function Actions({
  message,
  answering,
  changed,
  over,
}: {
  message: HeldMessage
  answering: boolean
  changed: boolean
  over: boolean
}) {
  const keys = {
    resume: useShortcut('intercept.resume'),
    resumeHold: useShortcut('intercept.resumeHold'),
    respond: useShortcut('intercept.respond'),
    drop: useShortcut('intercept.drop'),
  }
  const isRequest = message.side === 'request' && message.message === undefined
  return (
    <div className="held-actions">
      <Button kind="main" showKeys disabled={over} shortcut={keys.resume} onClick={() => runAction('intercept.resume')}>
        <Send aria-hidden="true" />
        {answering ? 'Send this answer' : changed ? 'Resume edited' : 'Resume'}
      </Button>
      {isRequest && !answering && (
        <Button
          disabled={over}
          shortcut={keys.resumeHold}
          tip="Let it go on as it stands here, and hold the answer to it"
          onClick={() => runAction('intercept.resumeHold')}
        >
          Hold response
        </Button>
      )}
      {isRequest && (
        <Button
          aria-pressed={answering}
          disabled={over}
          shortcut={keys.respond}
          tip={
            answering ? 'Back to the request' : 'Answer it yourself: nothing is routed, judged or sent to the upstream'
          }
          onClick={() => toggleAnswer(message)}
        >
          <Reply aria-hidden="true" />
          Respond directly
        </Button>
      )}
      <Button
        disabled={over}
        shortcut={keys.drop}
        tip="End the connection without an answer"
        onClick={() => void drop()}
      >
        <Trash2 aria-hidden="true" />
        Drop
      </Button>
      {isRequest && (
        <Button
          disabled={over}
          tip="Make a replay of it as it stands here; it stays held"
          onClick={() => runAction('intercept.toReplay')}
        >
          Send to Replay
        </Button>
      )}
    </div>
  )
}

function SecretsButton({ message, changed }: { message: HeldMessage; changed: boolean }) {
  const secrets = useIntercept((intercept) => intercept.secrets)
  if (!message.masked && !secrets) return null
  const label = changed
    ? 'Revert your changes to show or hide secrets'
    : secrets
      ? 'Hide secrets'
      : 'Show secrets: now they are markers, which stand for their values when the message goes on'
  return (
    <Button
      kind="quiet"
      label={label}
      disabled={changed}
      aria-pressed={secrets}
      onClick={() => void toggleSecrets(message)}
    >
      {secrets ? <EyeOff aria-hidden="true" /> : <Eye aria-hidden="true" />}
    </Button>
  )
}

function Head(props: {
  edit: ReturnType<typeof editOf>
  message: HeldMessage
  problem: { line: number; message: string } | undefined
}) {
  const { edit, message, problem } = props
  const lines = Math.min(18, Math.max(4, edit.head.split('\n').length))
  return (
    <div className="held-part">
      <label className="held-label" htmlFor="held-head">
        Start line and headers
      </label>
      <textarea
        id="held-head"
        className="held-text"
        rows={lines}
        spellCheck={false}
        autoComplete="off"
        wrap="off"
        value={edit.head}
        aria-invalid={problem !== undefined}
        aria-describedby={problem ? 'held-head-problem' : undefined}
        onChange={(event) => setEdit(message, { head: event.target.value })}
      />
      {problem && (
        <p id="held-head-problem" className="tone-deny held-problem" role="alert">
          Line {problem.line}: {problem.message}.
        </p>
      )}
    </div>
  )
}
