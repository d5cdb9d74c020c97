import { expect, test } from 'vitest'
import { median } from './compare.ts'
import { readOptions } from './options.ts'
import { makeReport, renderReport } from './report.ts'
import type { Machine, Row } from './report.ts'

const machine: Machine = { cpu: 'a CPU', cores: 2, memoryGb: 8, system: 'Debian', node: 'v24.0.0', loadBefore: 0.1 }
const row = (scenario: string, system: string, cpuMicros: number): Row => ({
  scenario,
  system,
  cpuMicros,
  rps: 1000.4,
  p99Ms: 1.234,
  rssMb: 99.6,
})

test('a ratio is our CPU time through theirs, and null where one of the two is missing', () => {
  const rows = [
    row('s1', 'gatehouse', 90),
    row('s1', 'gatehouse, capture off', 60),
    row('s1', 'http-proxy', 100),
    row('s2', 'haproxy', 60),
    row('s3', 'gatehouse', 80),
    row('s3', 'prism', 800),
  ]
  expect(makeReport(machine, rows).ratios).toEqual({
    s1ToHttpProxy: 0.9,
    s2ToHaproxy: null,
    s2ToNginxNjs: null,
    s3ToPrism: 0.1,
    s1CaptureOffToHttpProxy: 0.6,
  })
})

test('the table says which promise was kept', () => {
  const report = makeReport(machine, [row('s1', 'gatehouse', 120), row('s1', 'http-proxy', 100)])
  expect(report.rows[0]).toEqual({
    scenario: 's1',
    system: 'gatehouse',
    cpuMicros: 120,
    rps: 1000,
    p99Ms: 1.23,
    rssMb: 100,
  })
  expect(renderReport(report, { s1: 'Plain' })).toMatch(/s1ToHttpProxy +1\.20 +promised: at most 1 +MISSED/)
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([9, 1, 2, 4])).toBe(3)
  expect(median([3, 1, 2])).toBe(2)
})

test('a wrong option says what would be right', () => {
  expect(() => readOptions(['--only', 's1,s9'])).toThrow('--only: "s9" is not one of s1, s2, s3, memory, filter')
  expect(() => readOptions(['--rounds', '0'])).toThrow('--rounds: "0" is not a whole number above 0')
  expect(readOptions(['--only', 's2', '--json'])).toMatchObject({ only: ['s2'], json: true, rounds: 8 })
})
