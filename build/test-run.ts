import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { desktopPackages, ensureDebianPackages, testPackages } from './debian.ts'
import { countTests, summarize } from './test-summary.ts'
import type { StepResult, VitestReport } from './test-summary.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
process.chdir(root)

/** Where our own sources are. Always named: without paths the tools walk node_modules. */
const folders = ['gateway-core', 'renderer', 'electron', 'samples', 'test', 'build'].filter((folder) =>
  existsSync(folder),
)
/** Without package.json: npm writes that one in its own format. */
const looseFiles = ['tsconfig.json', 'biome.json', '.oxlintrc.json']

const filters = process.argv.slice(2)
const results: StepResult[] = []

function step(name: string, run: () => { passed: number; failed: number }): void {
  console.log(`\n── ${name} ${'─'.repeat(Math.max(0, 76 - name.length))}`)
  const started = performance.now()
  const { passed, failed } = run()
  results.push({ name, passed, failed, seconds: (performance.now() - started) / 1000 })
}

function check(name: string, run: () => boolean): void {
  step(name, () => (run() ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }))
}

const node = (...args: string[]) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status

check('system packages', () => {
  // On Linux the desktop tests bring a display of their own; elsewhere the system has one.
  const packages = process.platform === 'linux' ? [...testPackages, ...desktopPackages] : testPackages
  const problem = ensureDebianPackages(packages)
  console.log(problem ?? packages.map(({ name }) => name).join(', '))
  return problem === undefined
})
if (filters.length === 0) {
  check('types', () => node('node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json') === 0)
  check('lint', () => node('node_modules/oxlint/bin/oxlint', '--type-aware', ...folders) === 0)
  check('format', () => node('node_modules/@biomejs/biome/bin/biome', 'format', ...folders, ...looseFiles) === 0)
  if (existsSync('build/generate.ts'))
    check('generated files are fresh', () => node('build/generate.ts', '--check') === 0)
  check('build', () => node('build/build.mjs') === 0)
}
step('tests', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const reportFile = join(scratch, 'report.json')
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const exitCode = node(
    'node_modules/vitest/vitest.mjs',
    'run',
    '--config',
    'build/vitest.config.ts',
    ...reporters,
    ...filters,
  )
  const selectedByName = filters.some((filter) => /^(-t|--testNamePattern)/.test(filter))
  const count = countTests({ exitCode, report: readReport(reportFile), selectedByName })
  for (const complaint of count.complaints) console.log(`  ${complaint.replaceAll(`${root}/`, '')}`)
  rmSync(scratch, { recursive: true })
  return count
})

const summary = summarize(results)
console.log(`\n── summary ${'─'.repeat(69)}`)
if (filters.length > 0)
  console.log(`  Partial run: only tests that match "${filters.join(' ')}", without the other checks.`)
console.log(summary.text)
process.exit(summary.failed > 0 ? 1 : 0)

function readReport(path: string): VitestReport | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as VitestReport
  } catch {
    return undefined
  }
}
