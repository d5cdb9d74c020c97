import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Flow, Intake } from '../../gateway-core/protocol/flow.ts'
import type { ServerFrame } from '../../gateway-core/protocol/frames.ts'

function receiver(window: number, mostEvents?: number) {
  const texts: string[] = []
  const flow = new Flow((text) => texts.push(text), { window, ...(mostEvents !== undefined && { mostEvents }) })
  const frames = () => texts.map((text) => JSON.parse(text) as ServerFrame)
  const events = () => frames().flatMap((frame) => (frame.t === 'events' ? frame.events : []))
  return { flow, texts, frames, events }
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5))

describe('a receiver that takes nothing in', () => {
  it('gets no more than its window, and later the newest state and the end of the list', async () => {
    const { flow, texts, frames, events } = receiver(200, 100)
    for (let at = 0; at < 10_000; at++) {
      flow.event('traffic.changed', { total: at }, 'latest')
      flow.event('files.changed', { path: `file ${at}` }, 'every')
      if (at % 500 === 0) await turn()
    }
    await turn()
    const onTheWay = texts.slice(0, -1).join('').length
    expect(onTheWay).toBeLessThanOrEqual(200)
    expect(flow.counts.peakWaiting).toBeLessThanOrEqual(102)
    expect(flow.counts.coalesced).toBeGreaterThan(9_000)
    flow.credit(1_000_000)
    await turn()
    expect(frames().some((frame) => frame.t === 'lost')).toBe(true)
    expect(
      events()
        .filter(([name]) => name === 'files.changed')
        .at(-1),
    ).toEqual(['files.changed', { path: 'file 9999' }])
    expect(
      events()
        .filter(([name]) => name === 'traffic.changed')
        .at(-1),
    ).toEqual(['traffic.changed', { total: 9999 }])
  })

  it('still gets every answer, in order, once it goes on', () => {
    const { flow, texts } = receiver(10)
    const answers = Array.from({ length: 50 }, (_, at) =>
      JSON.stringify({ t: 'result', id: at, result: 'x'.repeat(50) }),
    )
    for (const answer of answers) flow.answer(answer)
    expect(texts).toHaveLength(1)
    while (texts.length < answers.length) flow.credit(texts.at(-1)!.length)
    expect(texts).toEqual(answers)
  })
})

describe('a receiver that takes everything in', () => {
  it('gets every event that is not superseded, in order, for any course of events', async () => {
    const happening = fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('every' as const), size: fc.nat(300) }),
        fc.record({ kind: fc.constant('latest' as const), size: fc.nat(300) }),
        fc.record({ kind: fc.constant('pause' as const), size: fc.constant(0) }),
      ),
      { maxLength: 60 },
    )
    await fc.assert(
      fc.asyncProperty(happening, fc.integer({ min: 1, max: 2000 }), async (course, window) => {
        const { flow, events } = receiverThatAnswers(window)
        let count = 0
        let latest = -1
        for (const [at, { kind, size }] of course.entries()) {
          if (kind === 'pause') await turn()
          else if (kind === 'every') flow.event('files.changed', { n: count++, text: 'x'.repeat(size) }, 'every')
          else flow.event('traffic.changed', { n: (latest = at), text: 'x'.repeat(size) }, 'latest')
        }
        for (let wait = 0; wait < 20; wait++) await turn()
        const of = (name: string) =>
          events()
            .filter(([one]) => one === name)
            .map(([, data]) => (data as { n: number }).n)
        expect(of('files.changed')).toEqual(Array.from({ length: count }, (_, n) => n))
        if (latest >= 0) expect(of('traffic.changed').at(-1)).toBe(latest)
      }),
      { numRuns: 15 },
    )
  })
})

/** Takes each frame in a moment later and gives its credit back as the client does. */
function receiverThatAnswers(window: number) {
  const texts: string[] = []
  const intake = new Intake((amount) => flow.credit(amount), window)
  const flow: Flow = new Flow(
    (text) => {
      texts.push(text)
      setTimeout(() => intake.took(text.length), 0)
    },
    { window },
  )
  const events = () =>
    texts.map((text) => JSON.parse(text) as ServerFrame).flatMap((frame) => (frame.t === 'events' ? frame.events : []))
  return { flow, events }
}
