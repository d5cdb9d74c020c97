import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Context } from '../../gateway-core/capture/decode-context.ts'
import { perStep, readOwn } from '../../gateway-core/rejudge/own-numbers.ts'

const number = fc.oneof(
  fc.integer({ min: -5, max: 100_000 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.maxSafeInteger(),
  fc.constant(2 ** 60),
)
const own = fc.record({
  head: fc.tuple(number, fc.option(number), fc.option(number)),
  parameters: fc.oneof(fc.constant(0), fc.dictionary(fc.string(), fc.string(), { minKeys: 1 })),
  upstreamPath: fc.oneof(
    fc.constant(0),
    fc.string().map((text) => `/${text}`),
  ),
  steps: fc.array(fc.tuple(number, number, number, number), { maxLength: 4 }),
  more: fc.array(number, { maxLength: 4 }),
})

test('own numbers are read as JSON reads them, whatever stands in front of them', () => {
  fc.assert(
    fc.property(fc.array(own, { minLength: 1, maxLength: 5 }), (all) => {
      const lines = all.map(({ head, parameters, upstreamPath, steps, more }) =>
        JSON.stringify([...head, parameters, upstreamPath, ...steps.flat(), ...more]),
      )
      const contexts = all.map(({ steps }) => ({ shape: steps }) as unknown as Context)
      const { numbers, numbersAt, upstreamPaths } = readOwn(lines.join('\n'), contexts)
      for (const [at, { steps, more, upstreamPath }] of all.entries()) {
        const wanted = JSON.parse(
          JSON.stringify([...steps.flatMap((step) => step.slice(4 - perStep)), ...more]),
        ) as number[]
        expect([...numbers.subarray(numbersAt[at], numbersAt[at + 1])]).toEqual(wanted)
        expect(upstreamPaths.get(at)).toBe(upstreamPath === 0 ? undefined : upstreamPath)
      }
    }),
  )
})
