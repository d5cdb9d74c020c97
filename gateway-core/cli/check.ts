import { defineCommand } from './command.ts'
import { printJson } from './io.ts'
import { load, problemsText } from './load.ts'
import { problemsOfTests } from '../tests/run-tests.ts'

export const check = defineCommand({
  usage: 'check [workspace] [--strict] [--env name]',
  about: `Loads a workspace and shows everything that is wrong, in its policy tests too: where, what, and what to write instead.
Exit code 0 without errors (warnings alone are fine unless --strict), 1 with errors, 2 when it could not look.`,
  options: {
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml to check with.' },
    strict: { type: 'boolean', help: 'Count warnings as errors.' },
  },
  words: 1,
  examples: [
    ['check samples/bookshop', 'all problems, each with its line'],
    ['check --env staging --strict --json', 'for a build: JSON, and warnings count'],
  ],
  json: '{problems: [{file, line, column, severity, code, message, suggestion}]}',
  async run({ options, words, io }) {
    const result = await load(io, words[0], { environment: options.env, readOnly: true })
    const problems = [...result.problems, ...problemsOfTests(result.folder, result.workspace)]
    const failed = problems.some((problem) => options.strict || problem.severity === 'error')
    if (options.json) {
      const printed = problems.map(({ file, line, column, severity, code, message, suggestion }) => {
        return { file, line, column, severity, code, message, suggestion: suggestion ?? null }
      })
      printJson(io, { problems: printed })
    } else if (problems.length > 0) io.print(problemsText(io, { ...result, problems }, io.paint))
    else {
      const { workspace } = result
      const environment = workspace?.environment ? `, environment ${workspace.environment}` : ''
      const policies = new Set(
        [...(workspace?.routes ?? [])].flatMap(({ plan }) => plan.instances.map((one) => one.id)),
      )
      for (const one of workspace?.unrouted.instances ?? []) policies.add(one.id)
      const routes = workspace?.routes.length ?? 0
      const counts = `${routes} route${routes === 1 ? '' : 's'}, ${policies.size} polic${policies.size === 1 ? 'y' : 'ies'}${environment}`
      io.print(`${io.paint('green', '●')} no problems: ${counts}, revision ${workspace?.revision.slice(0, 7)}`)
    }
    return failed ? 1 : 0
  },
})
