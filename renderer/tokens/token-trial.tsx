import type { TokenTrialReport, TokenTrialRow } from '../../gateway-core/protocol/tokens.ts'
import { visible } from '../../gateway-core/visible.ts'
import { useNavigation } from '../shell/navigation.ts'
import { EvidenceSentences } from '../traffic/evidence.tsx'
import { Button } from '../ui/button.tsx'
import { instanceName, plural } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { Choice } from './choice.tsx'
import { tryTokens, useTokens } from './token-store.ts'

/** The right token and the classic broken ones on one request: what the policies say, and what the gateway answered. */
export function TokenTrial() {
  const { trial, trying, method, target, exchange, send, claims } = useTokens()
  return (
    <section className="token-trial" aria-label="Broken tokens">
      <div className="bar">
        <h2>Try the broken ones</h2>
        {exchange === undefined ? (
          <>
            <Choice
              label="Method"
              value={method}
              options={['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((one) => [one, one] as const)}
              onChange={(one) => useTokens.setState({ method: one })}
            />
            <input
              className="token-target"
              aria-label="Path and query"
              value={target}
              spellCheck={false}
              onChange={(event) => useTokens.setState({ target: event.target.value })}
            />
          </>
        ) : (
          <span className="row">
            on the request chosen in Traffic
            <Button kind="quiet" onClick={() => useTokens.setState({ exchange: undefined })}>
              Use another
            </Button>
          </span>
        )}
        <label className="row">
          <input
            type="checkbox"
            checked={send}
            onChange={(event) => useTokens.setState({ send: event.target.checked })}
          />
          send them too
        </label>
        <span className="grow" />
        <Button kind="main" disabled={trying || claims === ''} onClick={() => void tryTokens()}>
          {trying ? 'Trying …' : 'Try'}
        </Button>
      </div>
      {trial ? (
        <div className="scroll">
          {trial.rows.some(({ right, judged }) => right && !judged.passes) && (
            <p className="tone-would token-sum">
              The right token is refused too, so the others say little: see its row.
            </p>
          )}
          <Sum trial={trial} />
          <table className="token-table">
            <thead>
              <tr>
                <th scope="col">Token</th>
                <th scope="col">Judged</th>
                <th scope="col">Sent</th>
                <th scope="col">What it looks for</th>
              </tr>
            </thead>
            <tbody>
              {trial.rows.map((row) => (
                <TrialRow key={row.id} row={row} taken={trial.taken.includes(row.id)} />
              ))}
            </tbody>
          </table>
        </div>
      ) : (
        <p className="dim token-hint">
          Each is judged by every policy of the route with fresh limits; nothing is sent unless you say so. A token that
          gets through stands out, with the policy that should have stopped it.
        </p>
      )}
    </section>
  )
}

function Sum({ trial: { request, rows, unread, taken } }: { trial: TokenTrialReport }) {
  const where = visible(request, 200)
  const [tone, text] = unread
    ? ([
        'would',
        `No policy reads a token of ${where}: it passes without any. Choose a request whose route wants one.`,
      ] as const)
    : taken.length > 0
      ? (['deny', `${plural(taken.length, 'broken token')} got through on ${where}.`] as const)
      : (['pass', `All ${rows.length - 1} broken tokens are refused on ${where}.`] as const)
  return (
    <p className={`tone-${tone} token-sum`} role="status">
      {text}
    </p>
  )
}

function TrialRow({ row, taken }: { row: TokenTrialRow; taken: boolean }) {
  const { openPolicy, openTraffic } = useNavigation.getState()
  const { judged, sent } = row
  const { position } = judged
  return (
    <tr className={taken ? 'token-taken' : undefined}>
      <th scope="row">{row.title}</th>
      <td>
        <div className="row">
          <VerdictMark verdict={judged.verdict}>
            {judged.decidedBy === undefined ? String(judged.status) : instanceName(judged.decidedBy)}
          </VerdictMark>
          {judged.code && position && (
            <button
              type="button"
              className="link"
              onClick={() => openPolicy(position.file, position.line, position.column)}
              title={`${position.file}:${position.line}`}
            >
              {judged.code}
            </button>
          )}
        </div>
        {!judged.passes && <EvidenceSentences evidence={judged.evidence.slice(0, 1)} />}
      </td>
      <td className="num">
        {sent === undefined ? (
          <span className="faint">–</span>
        ) : 'problem' in sent ? (
          <span className="tone-would">{visible(sent.problem, 120)}</span>
        ) : sent.exchange === undefined ? (
          sent.status
        ) : (
          <button type="button" className="link" onClick={() => openTraffic(`id:${sent.exchange}`)}>
            {sent.status}
          </button>
        )}
      </td>
      <td className="dim">{row.looksFor}</td>
    </tr>
  )
}
