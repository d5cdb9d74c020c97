import type { Touch } from '../../gateway-core/capture/record.ts'
import { visible } from '../../gateway-core/visible.ts'

const words: Readonly<Record<Touch['did'], string>> = {
  resumed: 'held, and let go as it came',
  edited: 'edited',
  answered: 'answered by hand',
  dropped: 'dropped',
  'timed-out': 'held until its time was over, then it went on as it was',
  released: 'let go by itself, as it came',
  left: 'held until it ended by itself',
  rewrote: 'changed',
  mocked: 'answered in the place of the upstream',
  delayed: 'slowed down',
  broke: 'broken',
}

/** One thing that a breakpoint or a rule did, in a line. */
export function TouchText({ touch }: { touch: Touch }) {
  return (
    <>
      <span className="dim">{touch.by}</span> <b>{visible(touch.name, 120)}</b>
      <span className="dim"> on the {touch.side}: </span>
      {touch.by === 'rule' && touch.says ? visible(touch.says, 400) : words[touch.did]}
      {touch.by === 'breakpoint' && touch.says && <span className="dim"> ({visible(touch.says, 120)})</span>}
      {touch.heldMs !== undefined && <span className="dim num">, after {secondsText(touch.heldMs)}</span>}
    </>
  )
}

function secondsText(ms: number): string {
  return ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`
}
