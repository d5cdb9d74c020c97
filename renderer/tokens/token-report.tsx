import type { Acceptance, DecodedToken } from '../../gateway-core/protocol/tokens.ts'
import { visible } from '../../gateway-core/visible.ts'
import { useNavigation } from '../shell/navigation.ts'
import { EvidenceSentences } from '../traffic/evidence.tsx'
import { Chip } from '../ui/chip.tsx'
import { instanceName } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import type { Shown } from './token-store.ts'

/** What a token says, and what each policy of the workspace says to it. */
export function TokenReportView({ shown }: { shown: Shown }) {
  const { decoded, policies } = shown.report
  return (
    <article className="token-report">
      <h3>{visible(shown.where, 120)}</h3>
      {decoded.malformed && (
        <p className="tone-would">Read leniently; a gateway refuses it: {visible(decoded.malformed, 200)}.</p>
      )}
      {decoded.form === 'opaque' && (
        <p className="dim">Nothing in it can be read: only its issuer knows what it says.</p>
      )}
      {decoded.form === 'jwe' && <p className="dim">It is encrypted: its claims are for its audience alone.</p>}
      {decoded.header && <Members title="Header" members={decoded.header} />}
      {decoded.claims && <Members title="Claims" members={decoded.claims} times={decoded.times} />}
      {policies.length > 0 && <h4>Who would take it</h4>}
      {policies.map((one) => (
        <PolicyAnswer key={one.policy} answer={one} />
      ))}
      {policies.length === 0 && <p className="dim">No jwt-auth stands in this workspace.</p>}
    </article>
  )
}

function Members(props: { title: string; members: Readonly<Record<string, unknown>>; times?: DecodedToken['times'] }) {
  const { title, members, times = [] } = props
  return (
    <table className="token-members">
      <caption>{title}</caption>
      <tbody>
        {Object.entries(members).map(([name, value]) => {
          const time = times.find((one) => one.name === name)
          return (
            <tr key={name}>
              <th scope="row">{visible(name, 80)}</th>
              <td>
                <code>{visible(typeof value === 'string' ? value : JSON.stringify(value), 600)}</code>
                {time?.at && (
                  <span className="dim" title={time.at}>
                    {time.relative} · {new Date(time.at).toLocaleString()}
                  </span>
                )}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

function PolicyAnswer({ answer }: { answer: Acceptance }) {
  const { policy, position, accepted, code, evidence, consumer } = answer
  const open = useNavigation((navigation) => navigation.openPolicy)
  return (
    <section className="token-answer">
      <div className="row">
        <VerdictMark verdict={accepted ? 'pass' : 'deny'}>{accepted ? 'takes it' : 'refuses it'}</VerdictMark>
        <button
          type="button"
          className="link cut"
          title={policy}
          onClick={() => open(position.file, position.line, position.column)}
        >
          {visible(instanceName(policy), 80)} · {position.file}:{position.line}
        </button>
        {code && <Chip tone="deny">{code}</Chip>}
        {consumer && (
          <span className="dim cut">
            as <b>{visible(consumer.name, 60)}</b>
            {consumer.groups.length > 0 && ` in ${visible(consumer.groups.join(', '), 120)}`}
          </span>
        )}
      </div>
      {!accepted && <EvidenceSentences evidence={evidence} />}
    </section>
  )
}
