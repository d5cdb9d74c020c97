import { describe, expect, test } from 'vitest'
import { createChecker } from '../../../renderer/policies/checker.ts'

/** A checker with timers and answers in the hands of the test. Everything that happens is written down. */
function setUp() {
  const log: string[] = []
  const asked: { text: string; answer(): void; fail(): void }[] = []
  const timers = new Map<number, () => void>()
  let next = 1
  const checker = createChecker<string>({
    pause: 200,
    ask: (text) =>
      new Promise((resolve, reject) => {
        log.push(`asked ${text}`)
        asked.push({ text, answer: () => resolve(`answer to ${text}`), fail: () => reject(new Error(`no ${text}`)) })
      }),
    answer: (answer) => log.push(answer),
    failed: (error) => log.push(`failed: ${(error as Error).message}`),
    superseded: () => log.push('superseded'),
    setTimer: (run) => {
      timers.set(next, run)
      return next++
    },
    clearTimer: (timer: number) => void timers.delete(timer),
  })
  const pause = () => {
    const due = [...timers.values()]
    timers.clear()
    for (const run of due) run()
  }
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
  return { checker, log, asked, pause, settled }
}

describe('checking as one types', () => {
  test('asks once after a pause, for the newest text', async () => {
    const { checker, log, asked, pause, settled } = setUp()
    for (const text of ['a', 'ab', 'abc']) checker.check(text)
    expect(log).toEqual([])
    pause()
    asked[0]!.answer()
    await settled()
    expect(log).toEqual(['asked abc', 'answer to abc'])
    expect(checker.pending).toBe(false)
  })

  test('drops an answer that came too late, and asks again for what was typed meanwhile', async () => {
    const { checker, log, asked, pause, settled } = setUp()
    checker.checkNow('old')
    checker.check('new')
    pause()
    asked[0]!.answer()
    await settled()
    asked[1]!.answer()
    await settled()
    expect(log).toEqual(['asked old', 'superseded', 'asked new', 'answer to new'])
  })

  test('keeps one check running at a time', async () => {
    const { checker, log, asked, pause, settled } = setUp()
    checker.checkNow('1')
    for (const text of ['2', '3']) {
      checker.check(text)
      pause()
    }
    expect(asked).toHaveLength(1)
    asked[0]!.fail()
    await settled()
    expect(log.filter((entry) => entry.startsWith('asked'))).toEqual(['asked 1', 'asked 3'])
  })

  test('tells a failure of the newest only', async () => {
    const { checker, log, asked, settled } = setUp()
    checker.checkNow('x')
    asked[0]!.fail()
    await settled()
    expect(log).toEqual(['asked x', 'failed: no x'])
  })

  test('forgets everything when it is cancelled', async () => {
    const { checker, log, asked, pause, settled } = setUp()
    checker.checkNow('x')
    checker.check('y')
    checker.cancel()
    pause()
    asked[0]!.answer()
    await settled()
    expect(log.filter((entry) => entry !== 'superseded')).toEqual(['asked x'])
  })
})
