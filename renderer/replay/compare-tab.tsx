import { useState } from 'react'
import type { Comparison, JsonChange, ReplayEntry, ReplayRun } from '../../gateway-core/protocol/replay.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellFailure } from '../shell/notices.ts'
import { SealedText } from '../traffic/sealed-text.tsx'
import { Button } from '../ui/button.tsx'
import { agoText, bytesText, durationText } from '../ui/format.ts'
import { Menu, MenuItem } from '../ui/menu.tsx'
import { editSettings, useReplay } from './replay-store.ts'

interface Compared {
  names: [string, string]
  comparison: Comparison
}

/** How two answers differ: the two of this run, or one of this run and one of an earlier one. */
export function CompareTab({ entry, run, at }: { entry: ReplayEntry; run: ReplayRun; at: number }) {
  const [chosen, setChosen] = useState<Compared>()
  const settings = useReplay((replay) => replay.request?.settings)
  const [left, right] = run.answers
  const own: Compared | undefined =
    run.comparison && left && right ? { names: [left.label, right.label], comparison: run.comparison } : undefined
  const shown = chosen ?? own
  const compare = async (name: string, other: readonly [string, string]) => {
    try {
      const comparison = await core.call('replay.compare', {
        id: entry.id,
        left: [...other],
        right: [run.id, String(at)],
        ignore: [...(settings?.ignore ?? [])],
        ignoreHeaders: [...(settings?.ignoreHeaders ?? [])],
      })
      setChosen({ names: [name, run.answers[at]!.label], comparison })
    } catch (error) {
      tellFailure(error)
    }
  }
  /** A pointer pattern begins with a slash, anything else is the name of a header. */
  const ignore = (what: string) => {
    const key = what.startsWith('/') ? 'ignore' : 'ignoreHeaders'
    editSettings({ [key]: [...(settings?.[key] ?? []), what] })
    setChosen(shown && without(shown, what))
  }
  const others = entry.runs.filter(({ id }) => id !== run.id)
  return (
    <div className="replay-answer">
      <div className="row">
        {shown && (
          <span className="cut">
            {visible(shown.names[0], 60)} <span className="faint">↔</span> {visible(shown.names[1], 60)}
          </span>
        )}
        <span className="grow" />
        {others.length > 0 && (
          <Menu align="end" trigger={<Button>Compare with an earlier run …</Button>}>
            {others.slice(0, 20).map(({ id, at: when, answers }) => (
              <MenuItem
                key={id}
                hint={agoText(when, Date.now())}
                onSelect={() => void compare(`run ${agoText(when, Date.now())}`, [id, '0'])}
              >
                {answers.map(({ label, status }) => `${label} ${status}`).join(' ↔ ')}
              </MenuItem>
            ))}
          </Menu>
        )}
      </div>
      {shown ? (
        <Differences comparison={shown.comparison} onIgnore={ignore} />
      ) : (
        <p className="dim">
          Choose two targets beside Send and their answers are compared here, or compare with an earlier run.
        </p>
      )}
    </div>
  )
}

/** The comparison as it will be once this is ignored. */
function without({ names, comparison }: Compared, what: string): Compared {
  const headers = comparison.headers.filter(({ name }) => name !== what)
  const body = bodyWithout(comparison.body, what)
  const { status, decided } = comparison
  const same = headers.length === 0 && body.kind === 'same' && !status && !decided
  return { names, comparison: { ...comparison, headers, body, same, ignored: comparison.ignored + 1 } }
}

function bodyWithout(body: Comparison['body'], pattern: string): Comparison['body'] {
  if (body.kind !== 'json') return body
  const changes = body.changes.filter(({ pointer }) => {
    const general = pointer.replaceAll(/\/\d+(?=\/|$)/g, '/*')
    return general !== pattern && !general.startsWith(`${pattern}/`)
  })
  return changes.length === 0 ? { kind: 'same' } : { ...body, changes }
}

function Differences({ comparison, onIgnore }: { comparison: Comparison; onIgnore: (pattern: string) => void }) {
  const { same, status, headers, body, decided, micros, ignored } = comparison
  return (
    <>
      <p className={same ? 'replay-verdict tone-pass' : 'replay-verdict tone-would'}>
        {same ? '● The answers are alike' : '◆ The answers differ'}
        <span className="faint num">
          {' '}
          {durationText(micros[0])} ↔ {durationText(micros[1])}
          {ignored > 0 && ` · ${ignored} ignored`}
        </span>
      </p>
      <table className="replay-diff replay-compare">
        <thead className="only-read">
          <tr>
            <th>What</th>
            <th>Left</th>
            <th>Right</th>
            <th>Ignore</th>
          </tr>
        </thead>
        <tbody>
          {status && <Row what="status" left={String(status[0])} right={String(status[1])} />}
          {decided && <Row what="decision" left={decided[0]} right={decided[1]} />}
          {headers.map(({ name, left, right }) => (
            <Row
              key={name}
              what={name}
              left={left}
              right={right}
              action={<IgnoreButton what={name} onIgnore={() => onIgnore(name)} />}
            />
          ))}
          {body.kind === 'json' &&
            body.changes.map((change) => (
              <JsonRow key={`${change.pointer} ${change.kind}`} change={change} onIgnore={onIgnore} />
            ))}
          {body.kind === 'text' &&
            body.changes.map(({ line, left, right }) => (
              <Row key={line.join()} what={`line ${line[0]}`} left={left.join('\n')} right={right.join('\n')} />
            ))}
        </tbody>
      </table>
      {body.kind === 'bytes' && (
        <p>
          The bodies differ from byte {body.at} on ({bytesText(body.lengths[0])} ↔ {bytesText(body.lengths[1])}).
        </p>
      )}
      {'more' in body && body.more > 0 && <p className="dim">{body.more} more differences</p>}
    </>
  )
}

function JsonRow({ change, onIgnore }: { change: JsonChange; onIgnore: (pattern: string) => void }) {
  const { pointer, left, right } = change
  // An element of a list stands for all of them.
  const pattern = pointer.replaceAll(/\/\d+(?=\/|$)/g, '/*')
  return (
    <Row
      what={pointer === '' ? 'the whole body' : pointer}
      left={left ?? null}
      right={right ?? null}
      action={pointer === '' ? undefined : <IgnoreButton what={pattern} onIgnore={() => onIgnore(pattern)} />}
    />
  )
}

function IgnoreButton({ what, onIgnore }: { what: string; onIgnore: () => void }) {
  return (
    <Button kind="quiet" tip={`Leave ${visible(what, 100)} out from now on`} onClick={onIgnore}>
      Ignore
    </Button>
  )
}

function Row(props: { what: string; left: string | null; right: string | null; action?: React.ReactNode }) {
  return (
    <tr>
      <th scope="row">
        <code>{visible(props.what, 300)}</code>
      </th>
      <td className="replay-left">
        {props.left === null ? <span className="faint">–</span> : <SealedText text={props.left} />}
      </td>
      <td className="replay-right">
        {props.right === null ? <span className="faint">–</span> : <SealedText text={props.right} />}
      </td>
      <td>{props.action}</td>
    </tr>
  )
}
