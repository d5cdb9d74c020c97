import type { ExchangeRecord } from '../capture/record.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Judgement } from '../proxy/judge-request.ts'
import type { Router } from '../proxy/router.ts'
import type { TestDraft } from './draft-of-record.ts'
import { type JudgedStep, judgeTest } from './judge-test.ts'
import type { PolicyTest } from './policy-test.ts'
import { policyName } from './policy-names.ts'
import { readTestFile } from './read-test-file.ts'
import { testItem } from './test-yaml.ts'

/** Tries drafts of a test out: each is written down, read again and judged, so that what is tried is what is kept. */
export class Attempts {
  bodyLeftOut = false
  /** What the file that the test will stand in gives to all its tests. */
  readonly given: Readonly<Record<string, unknown>> | undefined
  readonly #workspace: Workspace
  readonly #router: Router
  readonly #record: ExchangeRecord

  constructor(workspace: Workspace, router: Router, record: ExchangeRecord, given?: Readonly<Record<string, unknown>>) {
    this.given = given
    this.#workspace = workspace
    this.#router = router
    this.#record = record
  }

  /** Whether the draft comes to the recorded outcome. */
  async reproduces(draft: TestDraft): Promise<boolean> {
    const judgement = await this.judge(draft)
    return judgement !== undefined && this.isRecorded(judgement)
  }

  /** Whether a judgement is the recorded one: verdict, code, who decided, and what would have been denied. */
  isRecorded(judgement: Judgement): boolean {
    const { verdict, code, decidedBy, trace } = this.#record
    const passed = verdict === 'pass' || verdict === 'failed' || verdict === 'aborted'
    if (passed) return judgement.verdict === 'pass' && noted(judgement.trace) === noted(trace)
    return (
      judgement.verdict === verdict &&
      judgement.code === code &&
      (judgement.decidedBy === undefined ? undefined : policyName(judgement.decidedBy)) ===
        (decidedBy === undefined ? undefined : policyName(decidedBy)) &&
      noted(judgement.trace) === noted(trace)
    )
  }

  /** The last judgement of a draft; undefined when it cannot be read as a test. */
  async judge(draft: TestDraft): Promise<Judgement | undefined> {
    let last: Judgement | undefined
    for await (const { judgement } of this.steps(draft)) last = judgement
    return last
  }

  /** Judges the draft, request by request. */
  async *steps(draft: TestDraft): AsyncGenerator<JudgedStep> {
    const test = testOf(draft, this.given)
    if (test) yield* judgeTest(this.#workspace, this.#router, test)
  }

  /** In words: `pass`, `deny LIMIT_REACHED by rate-limiting`. */
  async outcomeOf(draft: TestDraft): Promise<string> {
    const judgement = await this.judge(draft)
    if (!judgement) return 'nothing that a test can hold'
    const { verdict, code, decidedBy } = judgement
    return [verdict, code, decidedBy && `by ${policyName(decidedBy)}`].filter((part) => part !== undefined).join(' ')
  }

  /**
   * What was decided and on which grounds, without the numbers: two drafts of the same shape differ in nothing that any
   * policy looked at.
   */
  async shape(draft: TestDraft): Promise<string | undefined> {
    const judgement = await this.judge(draft)
    if (!judgement) return undefined
    const { verdict, code, decidedBy, exchange, trace } = judgement
    const steps = trace.map((entry) => [
      entry.policy,
      entry.phase,
      entry.verdict,
      entry.code,
      entry.branch,
      entry.evidence?.map(({ at, expected }) => [at, at.in === 'state' || at.in === 'header' ? undefined : expected]),
      entry.changes?.map((change) => [change.kind, 'name' in change ? change.name : undefined]),
    ])
    return JSON.stringify([
      verdict,
      code,
      decidedBy,
      exchange?.route?.id,
      exchange?.consumer,
      exchange?.clientAddress,
      steps,
    ])
  }

  /** Whether a policy decided about the answer of the upstream, or changed its body. */
  async needsResponse(draft: TestDraft): Promise<boolean> {
    if (!draft.response) return false
    const judgement = await this.judge(draft)
    return (judgement?.trace ?? []).some(
      ({ phase, verdict, policy }) =>
        (phase === 'responseBody' && verdict === 'modify') ||
        (phase.startsWith('response') && policy === judgement!.decidedBy && verdict !== 'modify' && verdict !== 'pass'),
    )
  }

  /** What policies made of the values they masked, where the test has a response with such. */
  async maskedValues(draft: TestDraft): Promise<Record<string, unknown> | undefined> {
    if (!(await this.needsResponse(draft))) return undefined
    const judgement = await this.judge(draft)
    const json = judgement?.response?.body?.json
    if (!judgement || !json?.ok) return undefined
    const places = judgement.trace
      .filter(({ phase, verdict }) => phase === 'responseBody' && verdict === 'modify')
      .flatMap(({ evidence }) => evidence ?? [])
      .flatMap(({ at }) => (at.in === 'body' && at.pointer !== undefined ? [at.pointer] : []))
    const values = places.slice(0, 8).flatMap((pointer) => {
      const value = at(json.value, pointer)
      return value === undefined || typeof value === 'object' ? [] : [[pointer, value] as const]
    })
    return values.length === 0 ? undefined : { json: Object.fromEntries(values) }
  }
}

function noted(trace: readonly { policy: string; verdict: string; mode: string }[]): string {
  const names = trace.filter(({ verdict, mode }) => verdict === 'would-deny' && mode === 'shadow')
  return names.map(({ policy }) => policyName(policy)).join(' ')
}

/** The draft as the file of tests that it would stand in is read. */
function testOf(draft: TestDraft, given: Attempts['given']): PolicyTest | undefined {
  const expect = draft.expect ?? { verdict: 'pass' }
  // JSON is YAML too.
  const head = given ? `given: ${JSON.stringify(given)}\n` : ''
  const { file } = readTestFile('tests/draft.yaml', `${head}tests:\n${testItem('draft', { ...draft, expect })}`)
  return file?.tests[0]
}

function at(value: unknown, pointer: string): unknown {
  let found = value
  for (const step of pointer.split('/').slice(1)) {
    if (typeof found !== 'object' || found === null) return undefined
    found = (found as Record<string, unknown>)[step.replaceAll('~1', '/').replaceAll('~0', '~')]
  }
  return found
}
