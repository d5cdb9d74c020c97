import { useState } from 'react'
import type { ReplayAnswer, ReplayRun } from '../../gateway-core/protocol/replay.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { BodyFrame, useBodyParts } from '../traffic/body-frame.tsx'
import type { Look } from '../traffic/body-text.tsx'
import { Decisions } from '../traffic/decisions.tsx'
import { useExchange } from '../traffic/exchange-store.ts'
import { HeaderTable } from '../traffic/header-table.tsx'
import { Button } from '../ui/button.tsx'
import { Chip } from '../ui/chip.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { agoText, bytesText, durationText, instanceName } from '../ui/format.ts'
import { Menu, MenuChoice } from '../ui/menu.tsx'
import { Segments, Tabs } from '../ui/tabs.tsx'
import { CompareTab } from './compare-tab.tsx'
import { openRun, useReplay } from './replay-store.ts'
import './answer.css'

/** What came back, of one target or of two. */
export function AnswerPane() {
  const { run, answer: at, answerTab, entry, sending } = useReplay()
  const answer = run?.answers[at]
  if (!run || !answer || !entry) {
    return (
      <section className="pane" aria-label="Response">
        <div className="bar">
          <h2>Response</h2>
        </div>
        <EmptyState title={sending ? 'Under way …' : 'Not sent yet'}>
          {sending ? 'Ctrl+Enter ends it.' : 'Ctrl+Enter sends the request as it stands on the left.'}
        </EmptyState>
      </section>
    )
  }
  const { response, problem } = answer
  return (
    <section className="pane" aria-label="Response" aria-busy={sending !== undefined}>
      <div className="bar">
        {run.answers.length > 1 ? (
          <Segments
            label="Which answer"
            value={String(at)}
            onChange={(next) => useReplay.setState({ answer: Number(next) })}
            options={run.answers.map(({ label }, index) => ({ id: String(index), title: visible(label, 40) }))}
          />
        ) : (
          <h2 className="cut">{visible(answer.label, 60)}</h2>
        )}
        <Chip tone={toneOf(answer)} {...(response && { title: visible(response.reason, 100) })}>
          {response ? response.status : 'no answer'}
        </Chip>
        {response && <span className="faint num">{bytesText(response.body.length)}</span>}
        <span className="faint num">{durationText(answer.timings.total)}</span>
        {answer.decided?.policy !== undefined && (
          <span className="dim cut" title={answer.decided.policy}>
            {instanceName(answer.decided.policy)} {answer.decided.code}
          </span>
        )}
        <span className="grow" />
        <RunMenu run={run} />
      </div>
      {problem && (
        <p className="replay-problem" role="alert">
          {visible(problem.what, 600)}
          {problem.todo && ` — ${visible(problem.todo, 300)}`}
        </p>
      )}
      <Tabs
        label="Views of the response"
        value={answerTab}
        onChange={(next) => useReplay.setState({ answerTab: next })}
        tabs={[
          { id: 'body', title: 'Body' },
          { id: 'headers', title: 'Headers', ...(response && { note: response.headers.length }) },
          { id: 'decisions', title: 'Decisions' },
          { id: 'timing', title: 'Timing' },
          { id: 'compare', title: 'Compare', ...(run.comparison && { note: run.comparison.same ? '=' : '≠' }) },
        ]}
      >
        {answerTab === 'body' && <Body key={`${run.id} ${at}`} id={entry.id} run={run.id} at={at} answer={answer} />}
        {answerTab === 'headers' && <Headers answer={answer} />}
        {answerTab === 'decisions' && <Trace answer={answer} />}
        {answerTab === 'timing' && <Timing answer={answer} />}
        {answerTab === 'compare' && <CompareTab key={run.id} entry={entry} run={run} at={at} />}
      </Tabs>
    </section>
  )
}

function toneOf({ response, decided }: ReplayAnswer): 'pass' | 'deny' | 'skip' | 'modify' {
  if (!response) return 'deny'
  if (decided && decided.verdict !== 'pass') return decided.verdict === 'respond' ? 'modify' : 'deny'
  return response.status >= 400 ? 'skip' : 'pass'
}

function RunMenu({ run }: { run: ReplayRun }) {
  const runs = useReplay((replay) => replay.entry?.runs ?? [])
  const at = runs.findIndex(({ id }) => id === run.id)
  const now = Date.now()
  return (
    <Menu
      align="end"
      trigger={
        <Button tip="Runs of this request" kind="quiet">
          {at === -1 ? agoText(run.at, now) : `Run ${runs.length - at} of ${runs.length}`}
        </Button>
      }
    >
      {runs.map(({ id, at: when, answers }, index) => (
        <MenuChoice key={id} checked={id === run.id} onSelect={() => void openRun(id)} hint={agoText(when, now)}>
          {runs.length - index}:{' '}
          {answers.map(({ status, problem }) => (status > 0 ? status : (problem ?? '–'))).join(' ↔ ')}
        </MenuChoice>
      ))}
    </Menu>
  )
}

function Body({ id, run, at, answer }: { id: string; run: string; at: number; answer: ReplayAnswer }) {
  const [look, setLook] = useState<Look>('pretty')
  const body = answer.response?.body
  const parts = useBodyParts(`${id} ${run} ${at}`, body !== undefined && body.kept > 0, (from, length) =>
    core.call('replay.body', { id, run, answer: at, from, length }),
  )
  if (!body) return <p className="replay-none dim">No response.</p>
  if (body.problem) return <p className="replay-none dim">The body is {body.problem}.</p>
  if (body.length === 0) return <p className="replay-none dim">No body.</p>
  const facts = [
    bytesText(body.length),
    body.contentType && visible(body.contentType, 80),
    body.coding && visible(body.coding, 40),
    body.kept < body.length && body.coding === null && body.kept >= 10_000_000 && 'the first 10 MB',
  ]
  return (
    <div className="replay-answer">
      <BodyFrame parts={parts} look={look} onLook={setLook} facts={facts.filter(Boolean).join(' · ')} />
    </div>
  )
}

function Headers({ answer: { response } }: { answer: ReplayAnswer }) {
  if (!response) return <p className="replay-none dim">No response.</p>
  const { status, reason, version, headers, trailers } = response
  return (
    <div className="replay-answer">
      <p>
        <code>{visible(`HTTP/${version} ${status} ${reason}`, 300)}</code>
      </p>
      <HeaderTable fields={headers} />
      {trailers && (
        <>
          <h3>Trailers</h3>
          <HeaderTable fields={trailers} />
        </>
      )}
    </div>
  )
}

/** The decision trace, as Traffic shows it. */
function Trace({ answer }: { answer: ReplayAnswer }) {
  const revision = useWorkspace()!.revision
  const loaded = useExchange(answer.exchange, revision, 0)
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  if (answer.exchange === undefined) {
    const text =
      answer.target.via === 'gateway'
        ? 'The gateway recorded nothing of it.'
        : 'It went past the gateway: nothing was decided.'
    return <p className="replay-none dim">{text}</p>
  }
  if (!loaded) return null
  if ('refusal' in loaded) return <p className="replay-none dim">{loaded.refusal.what}</p>
  return (
    <>
      <div className="replay-trace-link">
        <button type="button" className="link" onClick={() => openTraffic(`id:${answer.exchange!}`)}>
          Show it in Traffic
        </button>
      </div>
      <Decisions detail={loaded.detail} />
    </>
  )
}

function Timing({ answer }: { answer: ReplayAnswer }) {
  const { timings, tls, address, redirects } = answer
  const parts: [string, number | undefined][] = [
    ['Connected', timings.connected],
    ['TLS agreed', timings.secured],
    ['Request sent', timings.sent],
    ['First byte', timings.firstByte],
    ['Whole response', timings.total],
  ]
  return (
    <div className="replay-answer">
      <table className="headers">
        <tbody>
          {parts.map(([title, micros]) =>
            micros === undefined ? null : (
              <tr key={title}>
                <th scope="row">{title}</th>
                <td className="num">
                  <span className="replay-time">{durationText(micros)}</span>
                  <span className="replay-time-line">
                    <span style={{ width: `${Math.min(100, (micros / Math.max(timings.total, 1)) * 100)}%` }} />
                  </span>
                </td>
              </tr>
            ),
          )}
          <tr>
            <th scope="row">Address</th>
            <td>
              <code>{visible(address, 1000)}</code>
            </td>
          </tr>
          {redirects?.map(({ status, location }, at) => (
            <tr key={at}>
              <th scope="row">Redirect {at + 1}</th>
              <td>
                <code>{visible(`${status} → ${location}`, 1000)}</code>
              </td>
            </tr>
          ))}
          {tls && (
            <>
              <Fact title="TLS" text={`${tls.protocol} · ${tls.cipher}`} />
              <Fact title="Certificate" text={`${tls.subject}, issued by ${tls.issuer}, valid to ${tls.validTo}`} />
              {tls.problem && <Fact title="Not verified" text={tls.problem} />}
            </>
          )}
        </tbody>
      </table>
    </div>
  )
}

function Fact({ title, text }: { title: string; text: string }) {
  return (
    <tr>
      <th scope="row">{title}</th>
      <td>{visible(text, 400)}</td>
    </tr>
  )
}
