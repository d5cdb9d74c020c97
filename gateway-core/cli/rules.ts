import { explainRule } from '../intercept/explain.ts'
import { visible } from '../visible.ts'
import { CannotRun, defineCommand } from './command.ts'
import { printJson } from './io.ts'
import { load, problemsText } from './load.ts'

export const rules = defineCommand({
  usage: 'rules [workspace] [--env name]',
  about: `Lists the rules of a workspace in the order in which they run, each with what it does in plain words. Rules change,
answer, delay or break what matches a query while the gateway runs (serve); they stand in gatehouse.yaml and rules/*.yaml.
Exit code 0, or 2 when the workspace has errors.`,
  options: {
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml.' },
  },
  words: 1,
  examples: [['rules', 'the rules of this folder']],
  json: '{rules: [{name, enabled, match, share, explain, file, line}]}',
  async run({ options, words, io }) {
    const result = await load(io, words[0], { environment: options.env, readOnly: true })
    if (!result.workspace) {
      io.tell(problemsText(io, result, io.paintError))
      throw new CannotRun('the workspace has errors', 'mend them first')
    }
    const listed = result.workspace.rules.map((rule) => ({
      name: rule.name,
      enabled: rule.enabled,
      match: rule.match,
      share: rule.share,
      explain: explainRule(rule),
      file: rule.position.file,
      line: rule.position.line,
    }))
    if (options.json) printJson(io, { rules: listed })
    else if (listed.length === 0) io.print('no rules: write some in rules/*.yaml, or on the Intercept screen')
    for (const { name, enabled, explain, file, line } of options.json ? [] : listed) {
      const mark = enabled ? io.paint('green', '●') : io.paint('dim', '○')
      io.print(`${mark} ${io.paint('bold', visible(name, 80))}  ${io.paint('dim', `${visible(file)}:${line}`)}`)
      io.print(`  ${visible(explain, 400)}`)
    }
    return 0
  },
})
