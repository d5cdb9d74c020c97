import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { TestRunner } from '../../gateway-core/tests/run-tests.ts'
import { outcome } from './running.ts'

const samples = join(dirname(dirname(import.meta.dirname)), 'samples')

it.each(['bookshop', 'minimal'])(
  'the policy tests of %s pass, without a secret, a network or a service',
  async (name) => {
    const runner = new TestRunner(join(samples, name), { env: {} })
    const suite = await runner.read()
    expect(suite.problems).toEqual([])
    const results = []
    for await (const result of runner.run(suite)) results.push(`${result.name}: ${outcome(result)}`)
    expect(results.length).toBeGreaterThan(1)
    expect(results.filter((result) => !result.endsWith(': passed'))).toEqual([])
  },
)
