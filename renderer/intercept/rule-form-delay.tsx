import { Segments } from '../ui/tabs.tsx'
import { delayOf, type FaultKind, faultIn, faultOf, recordOf, textOf } from './rule-fields.ts'
import { Line, Lines, TextInput } from './rule-inputs.tsx'

interface Props {
  value: unknown
  onChange: (value: unknown) => void
}

/** Answers that come later, or slower. */
export function DelayFields({ value, onChange }: Props) {
  const written = typeof value === 'string' || typeof value === 'number' ? { from: value } : recordOf(value)
  const delay = {
    from: textOf(written['from']),
    to: textOf(written['to']),
    bytesPerSecond: textOf(written['bytesPerSecond']),
  }
  const put = (part: Partial<typeof delay>) => onChange(delayOf({ ...delay, ...part }))
  return (
    <>
      <Line title="Waits">
        {(id) => (
          <span className="row">
            <TextInput id={id} short value={delay.from} placeholder="300ms" onChange={(from) => put({ from })} />
            <span className="dim">to</span>
            <TextInput
              label="Waits at most"
              short
              value={delay.to}
              placeholder="the same"
              onChange={(to) => put({ to })}
            />
            <span className="dim">drawn from this range</span>
          </span>
        )}
      </Line>
      <Line title="Sends its body">
        {(id) => (
          <span className="row">
            <TextInput
              id={id}
              short
              value={delay.bytesPerSecond}
              placeholder="as it comes"
              onChange={(bytesPerSecond) => put({ bytesPerSecond })}
            />
            <span className="dim">each second, such as 16kb</span>
          </span>
        )}
      </Line>
    </>
  )
}

interface Fault {
  id: FaultKind
  title: string
  tip: string
  beginning: string
  /** How much of it: the title of the field, and what stands behind it. */
  amount?: readonly [title: string, unit: string]
}

const faults: readonly Fault[] = [
  {
    id: 'status',
    title: '5xx',
    tip: 'Answers an error in the place of the upstream',
    beginning: '503',
    amount: ['Status', '500 to 599'],
  },
  { id: 'reset', title: 'Reset', tip: 'Resets the connection in the place of the upstream', beginning: '' },
  {
    id: 'hang',
    title: 'Hang',
    tip: 'Says nothing, then resets the connection',
    beginning: '10s',
    amount: ['For', 'then the connection is reset'],
  },
  {
    id: 'truncate',
    title: 'Truncate',
    tip: 'Ends the connection after a part of the body',
    beginning: '100b',
    amount: ['After', 'of the body the connection ends'],
  },
  {
    id: 'slow',
    title: 'Slow',
    tip: 'Sends the body drop by drop',
    beginning: '64b',
    amount: ['Sends', 'of the body each second'],
  },
]

/** Answers that do not come as they should. */
export function FaultFields({ value, onChange }: Props) {
  const { kind, amount } = faultIn(value)
  const chosen = faults.find(({ id }) => id === kind)
  return (
    <>
      <Lines title="Fault">
        <Segments
          label="Fault"
          value={kind}
          onChange={(next) => onChange(faultOf(next, faults.find(({ id }) => id === next)!.beginning))}
          options={faults}
        />
      </Lines>
      {chosen?.amount && (
        <Line title={chosen.amount[0]}>
          {(id) => (
            <span className="row">
              <TextInput id={id} short value={amount} onChange={(text) => onChange(faultOf(kind, text))} />
              <span className="dim">{chosen.amount?.[1]}</span>
            </span>
          )}
        </Line>
      )}
    </>
  )
}
