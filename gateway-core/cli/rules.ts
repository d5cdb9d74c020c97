import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WorkspaceFiles } from '../config/files.ts'
import { workspaceFile } from '../config/load.ts'
import { explainRule } from '../intercept/explain.ts'
import { visible } from '../visible.ts'
import { writeWhole } from '../workbench/json-file.ts'
import { type ChangedTexts, enableRuleIn, moveRuleBy, moveRuleTo, type RuleTexts } from '../workbench/rule-move.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { load, problemsText, workspaceFolder } from './load.ts'

const actions = ['on', 'off', 'move'] as const

export const rules = defineCommand({
  usage:
    'rules [workspace] [--env name]\n       gatehouse rules on|off <name> [workspace]\n       gatehouse rules move <name> [workspace] --earlier | --later | --to file',
  about: `Lists the rules of a workspace in the order in which they run, each with what it does in plain words. Rules change,
answer, delay or break what matches a query while the gateway runs (serve); they stand in gatehouse.yaml and rules/*.yaml.
"on" and "off" turn one on or off, "move" lets it run earlier or later, or puts it behind those of another file: no more than
its own lines change, and a gateway that runs takes it at once.
Exit code 0, 1 when there was nothing to change, 2 when the workspace has errors or no such rule.`,
  options: {
    env: { type: 'string', value: 'name', help: 'Environment of environments/*.yaml.' },
    earlier: { type: 'boolean', help: 'move: one place up, also into the file before.' },
    later: { type: 'boolean', help: 'move: one place down, also into the next file.' },
    to: { type: 'string', value: 'file', help: 'move: behind the rules of that file; a new one is made.' },
  },
  words: 3,
  examples: [
    ['rules', 'the rules of this folder'],
    ['rules off flaky', 'the rule stays, and does nothing'],
    ['rules move flaky --to rules/chaos.yaml', 'into another file'],
  ],
  json: '{rules: [{name, enabled, match, share, explain, file, line}]}, as they are after a change',
  async run({ options, words, io }) {
    const [first, name, third] = words
    const action = actions.find((one) => one === first)
    if (!action) {
      if (words.length > 1)
        throw new CannotRun(`${visible(first!, 60)} is nothing to do with rules`, 'write on, off or move')
      if (options.earlier || options.later || options.to !== undefined) {
        throw new CannotRun(
          '--earlier, --later and --to go with move',
          'write it like: gatehouse rules move <name> --earlier',
        )
      }
      return list(io, first, options)
    }
    if (name === undefined) throw new CannotRun('which rule?', `write it like: gatehouse rules ${action} "its name"`)
    const changed = change(io, third, (texts) => {
      if (action !== 'move') return enableRuleIn(texts, name, action === 'on')
      return moved(texts, name, options)
    })
    await list(io, third, options)
    return changed ? 0 : 1
  },
})

function moved(
  texts: RuleTexts,
  name: string,
  { earlier, later, to }: { earlier?: boolean; later?: boolean; to?: string },
): ChangedTexts {
  const ways = [earlier, later, to !== undefined].filter(Boolean).length
  if (ways !== 1) throw new CannotRun('where to?', 'write one of --earlier, --later and --to file')
  return to === undefined ? moveRuleBy(texts, name, earlier ? -1 : 1) : moveRuleTo(texts, name, to)
}

/** Whether anything was written. */
function change(io: Io, place: string | undefined, edit: (texts: RuleTexts) => ChangedTexts): boolean {
  const folder = workspaceFolder(io, place)
  const paths = [workspaceFile, ...new WorkspaceFiles(folder).yamlFilesIn('rules')]
  const there = paths.filter((path) => existsSync(join(folder, path)))
  if (!there.includes(workspaceFile))
    throw new CannotRun(`there is no ${workspaceFile} here`, 'name the folder of a workspace')
  const texts = new Map(there.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
  let changes: ChangedTexts
  try {
    changes = edit(texts)
  } catch (error) {
    if (error instanceof CannotRun) throw error
    throw new CannotRun((error as Error).message, (error as Error & { todo?: string }).todo)
  }
  for (const [path, text] of changes) writeWhole(join(folder, path), text, 0o644)
  return changes.size > 0
}

async function list(io: Io, place: string | undefined, options: { env?: string; json?: boolean }): Promise<ExitCode> {
  const result = await load(io, place, { environment: options.env, readOnly: true })
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
}
