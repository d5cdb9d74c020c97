import { useEffect, useRef, useState } from 'react'
import type { ExchangeDetail, JudgedUnder } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { factText } from '../policies/what-if.ts'
import { useActions, useShortcut } from '../shell/actions.ts'
import { tellFailure } from '../shell/notices.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { instanceName } from '../ui/format.ts'
import { VerdictMark } from '../ui/verdict-mark.tsx'
import { isCase } from './cases.ts'
import { stepSummary } from './evidence-summary.ts'
import './judge-under.css'

/** The same request, judged as another environment would: side by side, with the first step that differs marked. */
export function JudgeUnder({ detail }: { detail: ExchangeDetail }) {
  const environments = useWorkspace((workspace) => workspace.environments)!
  const { exchange } = detail
  const [judged, setJudged] = useState<JudgedUnder>()
  const [asking, setAsking] = useState<string>()
  useEffect(() => setJudged(undefined), [exchange.id])
  const others = environments.filter((name) => name !== exchange.environment)
  const possible = environments.length > 0 && exchange.verdict !== 'refused' && !isCase(exchange.id)
  const choice = useRef<HTMLDivElement>(null)
  const judge = (environment: string) => {
    setAsking(environment)
    core
      .call('traffic.judgeUnder', { id: exchange.id, environment })
      .then(setJudged, tellFailure)
      .finally(() => setAsking(undefined))
  }
  useActions([
    {
      id: 'traffic.judgeUnder',
      title: 'Judge it under another environment',
      group: 'Traffic',
      shortcut: 'e',
      keywords: 'compare staging production difference',
      enabled: () => possible && others.length > 0,
      run() {
        choice.current?.scrollIntoView({ block: 'center' })
        choice.current?.querySelector<HTMLElement>(`[data-environment="${CSS.escape(others[0]!)}"]`)?.focus()
        if (others.length === 1 && judged?.environment !== others[0]) judge(others[0]!)
      },
    },
  ])
  const shortcut = useShortcut('traffic.judgeUnder')
  if (!possible) return null
  return (
    <>
      <div className="exchange-heading">
        <h3>Under another environment</h3>
        <span className="grow" />
        <div ref={choice} className="judge-choice" role="group" aria-label="Judge under">
          {environments.map((name) => (
            <button
              key={name}
              type="button"
              data-environment={name}
              title={name === others[0] && shortcut ? `Judge under ${name} (${shortcut})` : undefined}
              aria-pressed={judged?.environment === name}
              disabled={asking !== undefined}
              onClick={() => (judged?.environment === name ? setJudged(undefined) : judge(name))}
            >
              {name}
              {name === exchange.environment && <span className="faint"> as judged</span>}
            </button>
          ))}
        </div>
      </div>
      {judged ? (
        <Comparison detail={detail} judged={judged} />
      ) : (
        <p className="dim">
          {asking ? `Judging under ${asking} …` : 'Judge this request again by the policies of another environment.'}
        </p>
      )}
    </>
  )
}

function Comparison({ detail, judged }: { detail: ExchangeDetail; judged: JudgedUnder }) {
  const { exchange } = detail
  const { firstDifference: first } = judged
  return (
    <div className="card judge">
      <div className="judge-sides">
        <Side
          title={`recorded${exchange.environment ? ` · ${exchange.environment}` : ''}`}
          verdict={exchange.verdict}
          status={exchange.status}
          policy={exchange.decidedBy}
        />
        <span className="faint" aria-hidden="true">
          →
        </span>
        <Side title={judged.environment} verdict={judged.verdict} status={judged.status} policy={judged.decidedBy} />
      </div>
      {first ? (
        <p>
          First difference at <b>{visible(instanceName(first.policy), 60)}</b>: {visible(first.field, 60)}{' '}
          <code className="judge-from">{visible(first.recorded, 200)}</code> →{' '}
          <code className="judge-to">{visible(first.judged, 200)}</code>
          {first.fact &&
            (first.judged === 'undecidable' ? (
              <span className="tone-unknown" title={visible(first.fact, 400)}>
                {' '}
                · the {visible(factText(first.fact), 120)} was not recorded
              </span>
            ) : (
              <span className="dim" title={visible(first.fact, 400)}>
                {' '}
                · it turns on the {visible(factText(first.fact), 120)}
              </span>
            ))}
        </p>
      ) : (
        <p className="dim">Every step decides the same.</p>
      )}
      <ol className="judge-trace" aria-label={`Trace under ${judged.environment}`}>
        {judged.trace.map((entry, at) => (
          <li key={at} className={first && entry.policy === first.policy ? 'judge-step judge-first' : 'judge-step'}>
            <VerdictMark verdict={entry.verdict}>{visible(instanceName(entry.policy), 60)}</VerdictMark>
            <span className="cut dim">{stepSummary(entry)}</span>
          </li>
        ))}
      </ol>
    </div>
  )
}

function Side(props: { title: string; verdict: string; status: number; policy: string | undefined }) {
  return (
    <div className="judge-side">
      <div className="faint">{props.title}</div>
      <VerdictMark verdict={props.verdict}>
        {props.status === 0 ? '' : `${props.status} `}
        {props.policy ? `by ${visible(instanceName(props.policy), 60)}` : props.verdict}
      </VerdictMark>
    </div>
  )
}
