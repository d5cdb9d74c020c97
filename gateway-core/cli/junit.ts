import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import junit, { type Builder } from 'junit-report-builder'
import { visible, visibleLines } from '../visible.ts'
import { CannotRun } from './command.ts'
import type { Io } from './io.ts'

// The package exports its builder itself, and not as `default` as its types say.
const reports = junit as unknown as Builder

/** One case of a report: something that had to come out, and what did. */
export interface JunitCase {
  /** The file that it is written in: its suite. */
  file: string
  /** 1-based. */
  line?: number
  name: string
  milliseconds?: number
  /** What went wrong; absent where it passed. `error`: it could not be said; `skipped`: it was not tried. */
  wrong?: { kind: 'failure' | 'error' | 'skipped'; type: string; lines: readonly string[] }
}

/** Writes a JUnit report: a suite for each file. Throws CannotRun where it cannot be written. */
export function writeJunit(io: Io, path: string, name: string, cases: readonly JunitCase[]): void {
  try {
    writeFileSync(resolve(io.cwd, path), reportOf(name, cases))
  } catch (error) {
    throw new CannotRun(`${visible(path, 200)} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
}

function reportOf(name: string, cases: readonly JunitCase[]): string {
  const builder = reports.newBuilder()
  builder.name(plain(name))
  for (const file of new Set(cases.map((one) => one.file))) {
    const suite = builder.testSuite().name(plain(file))
    for (const { name: title, line, milliseconds, wrong } of cases.filter((one) => one.file === file)) {
      const test = suite.testCase().name(plain(title)).className(plain(file))
      if (line !== undefined) test.file(`${plain(file)}:${line}`)
      if (milliseconds !== undefined) test.time(milliseconds / 1000)
      if (!wrong) continue
      const first = plain(wrong.lines[0] ?? wrong.type)
      const text = plain(wrong.lines.join('\n'))
      if (wrong.kind === 'skipped') test.skipped().standardOutput(text)
      else if (wrong.kind === 'error') test.error(first, wrong.type, text)
      else test.failure(first, wrong.type).stacktrace(text)
    }
  }
  return builder.build()
}

/** XML has no place for most control characters, not even as entities, and none for the end of CDATA inside of it. */
function plain(text: string): string {
  return visibleLines(text.toWellFormed()).replaceAll(']]>', ']] >')
}
