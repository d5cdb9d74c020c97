import { parseDocument, isMap } from 'yaml'
import { WorkspaceFiles } from '../config/files.ts'
import { loadWorkspace, workspaceFile } from '../config/load.ts'
import { explainRule } from '../intercept/explain.ts'
import type { RuleCheck, RuleText } from '../protocol/intercept.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { FileDesk } from './file-desk.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { appendRule, findRule, removeRule, replaceRule, rulesOf, textOfRule } from './rule-edit.ts'
import { type ChangedTexts, enableRuleIn, moveRuleBy, moveRuleTo, type RuleTexts } from './rule-move.ts'
import { copyName, duplicateRule } from './rule-order.ts'
import { valueOfRule } from './rule-value.ts'

/** Where rules go that have no file yet. */
const newFile = 'rules/rules.yaml'

/** A text with a rule written into it. */
interface Draft {
  path: string
  text: string
  /** Version of the text that the edit began with; empty for a new file. */
  base: string
  name: string
}

/** The rules in the files of a workspace, changed by no more than their own lines. */
export class RuleDesk {
  readonly #opened: OpenedWorkspace
  readonly #files: FileDesk

  constructor(opened: OpenedWorkspace, files: FileDesk) {
    this.#opened = opened
    this.#files = files
  }

  text(name: string): RuleText {
    const { path, text } = this.#fileOf(name)
    const place = findRule(text, name)!
    return { text: textOfRule(text, place), file: path, line: place.line }
  }

  async check(rule: string, name?: string): Promise<RuleCheck> {
    const value = valueOfRule(rule)
    return { ...(await this.#judge(rule, name)), ...(value && { value }) }
  }

  async #judge(rule: string, name: string | undefined): Promise<RuleCheck> {
    const draft = this.#draft(rule, name)
    if ('problem' in draft)
      return { problems: [{ ...draft.problem, file: newFile, severity: 'error', code: 'YAML_SYNTAX' }] }
    const place = findRule(draft.text, draft.name)
    const { problems, workspace } = await loadWorkspace(
      this.#opened.folder,
      this.#files.loadingWith(draft.path, draft.text),
    )
    const first = place?.line ?? 1
    const last = first + rule.trimEnd().split('\n').length - 1
    const own = problems.filter(({ file, line }) => file === draft.path && line >= first && line <= last)
    const found = workspace?.rules.find((one) => one.name === draft.name)
    return {
      ...(found && { explain: explainRule(found) }),
      problems: own.map((problem) => ({
        ...problem,
        line: problem.line - first + 1,
        column: Math.max(1, problem.column - (place?.column ?? 0)),
      })),
    }
  }

  async save(rule: string, name?: string): Promise<void> {
    const { problems } = await this.#judge(rule, name)
    const [error] = problems.filter(({ severity }) => severity === 'error')
    if (error) throw refused(error.message, error.suggestion, `line ${error.line}`)
    const draft = this.#draft(rule, name)
    if (!('problem' in draft)) await this.#write(draft)
  }

  async enable(name: string, enabled: boolean): Promise<void> {
    await this.#writeAll(enableRuleIn(this.#texts(), name, enabled))
  }

  /** Lets a rule run one place earlier or later. */
  async move(name: string, step: -1 | 1): Promise<void> {
    await this.#writeAll(moveRuleBy(this.#texts(), name, step))
  }

  /** Moves a rule behind those of another file. */
  async moveTo(name: string, path: string): Promise<void> {
    await this.#writeAll(moveRuleTo(this.#texts(), name, path))
  }

  /** Puts a copy behind a rule; gives its name. */
  async duplicate(name: string): Promise<string> {
    const { path, text, version } = this.#fileOf(name)
    const taken = this.#paths().flatMap((one) => (this.#files.exists(one) ? rulesOf(this.#files.read(one).text) : []))
    const copy = copyName(name, new Set(taken))
    await this.#write({ path, text: duplicateRule(text, name, copy), base: version, name: copy })
    return copy
  }

  remove(name: string): Promise<void> {
    const { path, text, version } = this.#fileOf(name)
    return this.#write({ path, text: removeRule(text, findRule(text, name)!), base: version, name })
  }

  #draft(
    rule: string,
    name: string | undefined,
  ): Draft | { problem: { message: string; line: number; column: number } } {
    const { contents, errors } = parseDocument(rule, { prettyErrors: true, logLevel: 'silent' })
    const [error] = errors
    if (error) {
      const [at] = error.linePos ?? [{ line: 1, col: 1 }]
      return { problem: { message: error.message.split('\n', 1)[0]!, line: at.line, column: at.col } }
    }
    const written = isMap(contents) ? contents.get('name') : undefined
    if (!isMap(contents)) return { problem: { message: 'a rule is a mapping (key: value)', line: 1, column: 1 } }
    if (typeof written !== 'string' || written === '') {
      return { problem: { message: 'the rule has no name: begin with name: what it does', line: 1, column: 1 } }
    }
    if (name !== undefined) {
      const { path, text, version } = this.#fileOf(name)
      return { path, text: replaceRule(text, findRule(text, name)!, rule), base: version, name: written }
    }
    const path = this.#lastFile()
    if (!this.#files.exists(path)) return { path, text: appendRule('', rule), base: '', name: written }
    const { text, version } = this.#files.read(path)
    return { path, text: appendRule(text, rule), base: version, name: written }
  }

  async #write({ path, text, base }: Draft): Promise<void> {
    const written = this.#files.write(path, text, base)
    if (written.state === 'conflict') throw refused(`${path} was changed by somebody else just now`, 'try again')
    await this.#opened.reload()
  }

  #texts(): RuleTexts {
    const there = this.#paths().filter((path) => this.#files.exists(path))
    return new Map(there.map((path) => [path, this.#files.read(path).text]))
  }

  /** Writes all of them or none. */
  async #writeAll(changes: ChangedTexts): Promise<void> {
    const undo: (() => void)[] = []
    for (const [path, text] of changes) {
      const before = this.#files.exists(path) ? this.#files.read(path) : undefined
      const written = this.#files.write(path, text, before?.version ?? '')
      if (written.state === 'conflict') {
        for (const one of undo) one()
        throw refused(`${path} was changed by somebody else just now`, 'try again')
      }
      undo.push(() => this.#files.write(path, before?.text ?? '', written.version))
    }
    if (changes.size > 0) await this.#opened.reload()
  }

  #fileOf(name: string): { path: string; text: string; version: string } {
    for (const path of this.#paths()) {
      if (!this.#files.exists(path)) continue
      const { text, version } = this.#files.read(path)
      if (findRule(text, name)) return { path, text, version }
    }
    throw refused(`there is no rule "${name.slice(0, 60)}" in the files of the workspace`)
  }

  /** The last file that has rules; else one for them. */
  #lastFile(): string {
    const having = this.#paths().filter(
      (path) => this.#files.exists(path) && rulesOf(this.#files.read(path).text).length > 0,
    )
    return having.at(-1) ?? this.#paths().find((path) => path.startsWith('rules/')) ?? newFile
  }

  /** In the order in which they are read. */
  #paths(): string[] {
    return [workspaceFile, ...new WorkspaceFiles(this.#opened.folder).yamlFilesIn('rules')]
  }
}
