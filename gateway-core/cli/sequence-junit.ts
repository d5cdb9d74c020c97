import type { SequenceReport, StepReport } from '../protocol/replay-reports.ts'
import type { JunitCase } from './junit.ts'

/** Steps of a sequence as cases of a report: one for each step of each row. */
export function sequenceCases({ path, rows, steps }: SequenceReport): JunitCase[] {
  return steps.map((step) => {
    const { name, row, line, micros } = step
    const title = rows > 1 ? `row ${row + 1}: ${name}` : name
    const wrong = wrongOf(path, step)
    return { file: path, line, name: title, milliseconds: micros / 1000, ...(wrong && { wrong }) }
  })
}

function wrongOf(path: string, { state, line, problem, assertions }: StepReport): JunitCase['wrong'] {
  if (state === 'passed') return undefined
  if (state === 'skipped') return { kind: 'skipped', type: 'skipped', lines: [] }
  const lines = [
    ...(problem === undefined ? [] : [`${path}:${line}: ${problem}`]),
    ...assertions
      .filter(({ passed }) => !passed)
      .map(({ line: at, says, found }) => `${path}:${at}: ${says}, and found ${found ?? ''}`),
  ]
  return state === 'error'
    ? { kind: 'error', type: 'not sent', lines }
    : { kind: 'failure', type: 'expectation', lines }
}
