import type { Evidence } from '../../gateway-core/exchange.ts'
import { visible } from '../../gateway-core/visible.ts'
import { burstOf } from './evidence-summary.ts'
import { countText, durationText } from '../ui/format.ts'

interface LimiterGaugeProps {
  limit: number
  remaining: number
  rule: string | undefined
  detail: NonNullable<Evidence['detail']>
}

/** How much of a limit is used up. */
export function LimiterGauge({ limit, remaining, rule, detail }: LimiterGaugeProps) {
  const capacity = Math.max(limit + burstOf(rule), remaining)
  const used = capacity - Math.max(0, remaining)
  const share = capacity === 0 ? 1 : used / capacity
  const retry = detail['retryAfterMs']
  return (
    <div className="gauge">
      <div className="gauge-text">
        <span>
          <b>{countText(used)}</b> of {countText(capacity)} used
        </span>
        <span className="grow" />
        <span className="dim">{countText(remaining)} left</span>
      </div>
      <div className={remaining <= 0 ? 'gauge-bar gauge-full' : 'gauge-bar'} aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <div className="dim">
        {rule !== undefined && visible(rule, 200)}
        {detail['by'] !== undefined && (
          <>
            {' · counted by '}
            <code>{visible(String(detail['by']), 80)}</code>
          </>
        )}
        {typeof retry === 'number' && ` · the next one is admitted after ${durationText(retry * 1000)}`}
      </div>
    </div>
  )
}
