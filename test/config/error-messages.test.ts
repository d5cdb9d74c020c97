import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../gateway-core/config/diagnostics.ts'
import { loadWorkspace } from '../../gateway-core/config/load.ts'

/**
 * Each file of `errors/` is a workspace, a line of dashes, and what a person is told about it. `=== path` begins a
 * further file. With UPDATE_GOLDEN=1 the told part is written anew: read the difference before committing it.
 */
const cases = join(import.meta.dirname, 'errors')
const env = { PASSWORD: 'hunter2-hunter2', COUNT: '50' }

describe('what a person is told about', () => {
  for (const name of readdirSync(cases).filter((file) => file.endsWith('.txt'))) {
    it(name.replace('.txt', '').replaceAll('-', ' '), async () => {
      const text = readFileSync(join(cases, name), 'utf8')
      const [input, expected] = text.split(/^-{10,}\n/m) as [string, string]
      const files = filesOf(input)
      const folder = join(cases, 'no-such-folder')
      const { workspace, problems } = await loadWorkspace(folder, { overlay: files, env, readOnly: true })
      const told = problems.map((problem) => `${formatProblem(problem, files.get(problem.file))}\n`).join('')
      if (process.env['UPDATE_GOLDEN']) writeFileSync(join(cases, name), `${input}----------\n${told}`)
      else expect(told).toBe(expected)
      expect(told).not.toContain('hunter2')
      expect(told).not.toContain(folder.slice(0, 20))
      expect(workspace === undefined).toBe(problems.some((problem) => problem.severity === 'error'))
    })
  }
})

function filesOf(input: string): Map<string, string> {
  const [main, ...others] = input.split(/^=== (.+)\n/m)
  const files = new Map([['gatehouse.yaml', main!]])
  for (let at = 0; at < others.length; at += 2) files.set(others[at]!, others[at + 1]!)
  return files
}
