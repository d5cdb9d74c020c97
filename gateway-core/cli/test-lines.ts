import type { TestResult } from '../tests/run-test.ts'
import { visible } from '../visible.ts'
import { evidenceText } from '../evidence.ts'
import { instanceName, type ShowPosition } from './exchange-line.ts'
import type { Paint } from './io.ts'
import { traceTable } from './trace-table.ts'

/** A test that did not pass: where, what was expected and what came, which policy decided and why, the whole trace. */
export function failureLines(result: TestResult, paint: Paint, show: ShowPosition): string[] {
  const { failures, missing, outcome, position, state, file } = result
  const mark = paint(state === 'undecidable' ? 'magenta' : 'red', state === 'undecidable' ? '?' : '✕')
  const lines = [`${mark} ${paint('bold', visible(result.name, 200))}  ${paint('dim', visible(file, 200))}`]
  for (const { name, position: at, expected, got } of failures) {
    lines.push(`  ${paint('cyan', visible(show(at), 300))} ${visible(name, 120)}`)
    lines.push(`    expected ${paint('green', visible(expected, 400))}`)
    lines.push(`    got      ${paint('red', visible(got, 400))}`)
  }
  if (missing) {
    const by = missing.policy === '' ? '' : ` by ${visible(instanceName(missing.policy), 60)}`
    lines.push(`  ${paint('cyan', visible(show(position), 300))} undecidable${by}: a fact is missing`)
    lines.push(`    missing  ${paint('magenta', visible(missing.fact, 300))}`)
    lines.push(`    ${visible(missing.todo, 600)}`)
  }
  if (!outcome) return lines
  const { method, url, which, verdict, status, code, decidedBy, detail, route, trace } = outcome
  const by = decidedBy === undefined ? '' : ` by ${visible(instanceName(decidedBy), 60)}`
  const request = `${visible(method, 20)} ${visible(url, 160)}`
  const words = [verdict, status === 200 && verdict === 'pass' ? '' : String(status), code ?? ''].filter(
    (word) => word !== '',
  )
  lines.push(
    `  ${request}${which ? ` (${which})` : ''} → ${words.join(' ')}${by}${route ? `, route ${visible(route, 120)}` : ''}`,
  )
  const decisive = trace.find(
    (entry) => entry.policy === decidedBy && entry.verdict !== 'pass' && entry.verdict !== 'skipped',
  )
  if (decisive) {
    lines.push(`  decided at ${paint('cyan', visible(show(decisive.position), 300))}`)
    for (const one of decisive.evidence ?? []) lines.push(`    ${evidenceText(one)}`)
  } else if (detail !== undefined && !missing) lines.push(`    ${visible(detail, 300)}`)
  return [...lines, ...traceTable(trace, paint, show)]
}

/** `12 passed, 1 failed`. */
export function summaryLine(results: readonly TestResult[], brokenFiles: number, paint: Paint): string {
  const passed = results.filter(({ state }) => state === 'passed').length
  const failed = results.length - passed
  const ms = results.reduce((sum, { milliseconds }) => sum + milliseconds, 0)
  const broken = brokenFiles === 0 ? '' : `, ${brokenFiles} file${brokenFiles === 1 ? '' : 's'} not run`
  const text = `${passed} passed, ${failed} failed${broken}`
  return `${paint(failed + brokenFiles > 0 ? 'red' : 'green', text)} ${paint('dim', `in ${Math.round(ms)} ms`)}`
}
