import type { Attempts } from './attempts.ts'
import type { TestDraft } from './draft-of-record.ts'

/** Most requests that are tried before the one that a limit denied. */
const mostRequests = 20_000
const mostMilliseconds = 3000

/** Time between two requests: a limit of a day is not reached at once where one of a minute stands before it. */
const paces = [undefined, '1s', '10s', '1m'] as const

/**
 * The draft as the last of a sequence: as many of the same request before it as it takes until the recorded outcome comes,
 * found by sending them. Undefined where that never happens.
 */
export async function steppedDraft(attempts: Attempts, draft: TestDraft): Promise<TestDraft | undefined> {
  const began = performance.now()
  for (const every of paces) {
    const many = { ...draft, sequence: [{ repeat: mostRequests, ...(every && { every }) }] }
    let before = 0
    for await (const { judgement } of attempts.steps(many)) {
      if (attempts.isRecorded(judgement)) {
        const lead = { repeat: before, ...(every && { every }), expect: { verdict: 'pass' } }
        return before === 0 ? draft : { ...draft, sequence: [lead, every ? { after: every } : {}] }
      }
      // Something else decided before the limit was reached.
      if (judgement.verdict !== 'pass' || performance.now() - began > mostMilliseconds) break
      before++
    }
  }
  return undefined
}
