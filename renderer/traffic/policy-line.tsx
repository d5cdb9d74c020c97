import type { TraceEntry } from '../../gateway-core/pipeline/outcome.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { useNavigation } from '../shell/navigation.ts'
import './policy-line.css'

interface PolicyLineProps {
  entry: TraceEntry
  detail: ExchangeDetail
}

/** `gatehouse.yaml:31`: opens the line where the policy stands now. */
export function PolicyLink({ entry, detail }: PolicyLineProps) {
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const now = detail.lines[entry.policy]?.now
  const { file, line, column } = now ? { ...now, column: 1 } : entry.position
  const text = `${visible(file, 80)}:${line}`
  if (now === null) {
    return (
      <span className="faint code" title="The policy is not there any more">
        {text}
      </span>
    )
  }
  return (
    <button
      type="button"
      className="link code policy-link"
      title="Open in Policies"
      onClick={() => openPolicy(file, line, column)}
    >
      {text}
    </button>
  )
}

/** The YAML line as it was when the exchange was judged, and as it is now where it has changed. */
export function PolicyLine({ entry, detail }: PolicyLineProps) {
  const known = detail.lines[entry.policy]
  const { file, line } = entry.position
  if (!known) return <PolicyLink entry={entry} detail={detail} />
  const { then, now, changed } = known
  return (
    <div className="policy-lines">
      <Line
        says={changed || now === null ? 'when judged' : ''}
        place={changed || now === null ? `${file}:${line}` : ''}
        link={changed || now === null ? undefined : <PolicyLink entry={entry} detail={detail} />}
        text={then}
        old={changed || now === null}
      />
      {changed && now && (
        <Line says="now" place="" link={<PolicyLink entry={entry} detail={detail} />} text={now.text} />
      )}
      {now === null && <div className="policy-gone dim">The policy is not there any more.</div>}
    </div>
  )
}

function Line(props: { says: string; place: string; link: React.ReactNode; text: string; old?: boolean }) {
  return (
    <div className={props.old ? 'policy-line policy-line-old' : 'policy-line'}>
      <span className="policy-place">
        {props.link ?? <span className="code faint">{visible(props.place, 90)}</span>}
        {props.says && <span className="faint">{props.says}</span>}
      </span>
      <code>{visible(props.text.trim(), 400)}</code>
    </div>
  )
}
