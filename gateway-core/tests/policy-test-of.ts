import { parse } from 'yaml'
import type { ExchangeRecord } from '../capture/record.ts'
import { hasMarker } from '../capture/markers.ts'
import type { Workspace } from '../config/workspace.ts'
import type { ConsumerEntry } from '../pipeline/policy.ts'
import { Router } from '../proxy/router.ts'
import { bodyIsText, draftOfRecord, type Filling, type TestDraft } from './draft-of-record.ts'
import { describeRecord, expectationOf } from './expectation-of-record.ts'
import { Attempts } from './attempts.ts'
import { readTestFile } from './read-test-file.ts'
import { shrink } from './shrink.ts'
import { steppedDraft } from './stepped-draft.ts'

type Mapping = Readonly<Record<string, unknown>>

/** A policy test made of a recorded exchange. */
export interface PolicyTestOf {
  /** In words: `PATCH /books/1 is denied by rbac`. */
  readonly name: string
  readonly draft: TestDraft
  /** File that it belongs to: `tests/catalogue.yaml`. */
  readonly path: string
  /** Environment that this file has to name, because it is not the one that tests have anyway. */
  readonly environment?: string
  /** Why it does not pass when it is run now, for people; absent: it passes. */
  readonly note?: string
}

export interface PolicyTestOfOptions {
  /** The workspace as tests see it (`loadForTests`), under the environment of the record. */
  readonly workspace: Workspace
  /** Consumers with their keys tagged as in the record: those of the workspace as it runs. */
  readonly consumers: readonly ConsumerEntry[]
  /** Environment that tests have which name none. */
  readonly defaultEnvironment?: string | undefined
  /** Text of a file of tests as it is now, so that the test fits what it gives. */
  readonly textOf?: (path: string) => string | undefined
}

/**
 * Makes a policy test of a recorded exchange: what of the request matters, the facts that it was judged on, and its
 * outcome. Whether it matters is found out by judging without it. No secret is in it. Where limits decided, the requests
 * before it are part of the test.
 */
export async function policyTestOf(record: ExchangeRecord, options: PolicyTestOfOptions): Promise<PolicyTestOf> {
  const { workspace, consumers } = options
  const expect = expectationOf(record)
  const name = describeRecord(record)
  const place = placeFor(record, options.defaultEnvironment)
  const given = givenIn(options.textOf?.(place.path))
  const attempts = new Attempts(workspace, new Router(workspace.routes), record, given)
  if (!bodyIsText(record.request)) attempts.bodyLeftOut = true
  for (const filling of ['word', 'digits', 'letters'] satisfies Filling[]) {
    const draft = draftOfRecord(record, { consumers, filling })
    const found = (await attempts.reproduces(draft)) ? draft : await steppedDraft(attempts, draft)
    if (found) return { name, ...place, draft: await finished(attempts, found, expect) }
    if (!hasMarker(JSON.stringify([record.request.headers, record.request.target])) && !record.request.body) break
  }
  const draft = draftOfRecord(record, { consumers, filling: 'word' })
  const now = await attempts.outcomeOf(draft)
  delete draft.response
  const note = attempts.bodyLeftOut
    ? 'its body is no text, or was not kept whole, and is left out'
    : `judged again it comes to ${now}: the policies have changed since, or it depends on what a test cannot know`
  return { name, ...place, draft: { ...draft, expect }, note: `It does not pass as it is: ${note}` }
}

/** With what it expects, and without all that makes no difference. */
async function finished(attempts: Attempts, draft: TestDraft, expect: NonNullable<TestDraft['expect']>) {
  const { sequence, ...single } = draft
  const small = await withGivenToken(attempts, await shrink(attempts, single))
  const masked = await attempts.maskedValues(small)
  const whole = masked ? { ...expect, body: masked } : expect
  if (!sequence) return { ...small, expect: whole }
  // One request was made smaller; whether the limit still falls at the same one is seen by sending them all again.
  const fits = await attempts.reproduces({ ...small, sequence })
  return { ...(fits ? small : single), sequence: [...sequence.slice(0, -1), { ...sequence.at(-1), expect: whole }] }
}

/** With the name of a token that the file gives, where that one is as good to every policy. */
async function withGivenToken(attempts: Attempts, draft: TestDraft) {
  const own = draft.request?.['token'] as Mapping | undefined
  if (typeof own !== 'object') return draft
  const wanted = await attempts.shape(draft)
  for (const [name, token] of Object.entries((attempts.given?.['tokens'] ?? {}) as Record<string, Mapping>)) {
    if (token['issuer'] !== own['issuer'] || token['sub'] !== own['sub']) continue
    const named = { ...draft, request: { ...draft.request, token: name } }
    if ((await attempts.shape(named)) === wanted) return named
  }
  return draft
}

/** What a file of tests gives to all its tests, as it is written. */
function givenIn(text: string | undefined): Mapping | undefined {
  if (text === undefined || !readTestFile('tests/a.yaml', text).file) return undefined
  return (parse(text) as { given?: Mapping }).given
}

function placeFor({ route, environment }: ExchangeRecord, defaultEnvironment: string | undefined) {
  const api = (route?.api ?? 'no-route').replaceAll(/[^\w.-]/g, '_').replace(/^\.+/, '')
  if (environment === undefined || environment === defaultEnvironment) return { path: `tests/${api}.yaml` }
  return { path: `tests/${api}-${environment}.yaml`, environment }
}
