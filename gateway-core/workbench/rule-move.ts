import { workspaceFile } from '../config/load.ts'
import { refused } from '../protocol/rpc-error.ts'
import { enableRule, findRule, removeRule, rulesOf, textOfRule } from './rule-edit.ts'
import { commentsAbove, insertRule, moveRule, withoutLines } from './rule-order.ts'

/** Texts of the files that may hold rules, by path, in the order in which they are read. */
export type RuleTexts = ReadonlyMap<string, string>

/** Texts that a change makes, by path; what gains a rule comes before what loses it. Empty: nothing changes. */
export type ChangedTexts = ReadonlyMap<string, string>

const ruleFile = /^rules\/[^/.][^/]*\.ya?ml$/

/**
 * Lets a rule run one place earlier (`-1`) or later, also where the rule that it changes places with stands in another
 * file: then it moves there. Throws an RpcError where there is no such rule.
 */
export function moveRuleBy(texts: RuleTexts, name: string, step: -1 | 1): ChangedTexts {
  const path = fileOf(texts, name)
  const moved = moveRule(texts.get(path)!, name, step)
  if (moved !== undefined) return new Map([[path, moved]])
  const having = [...texts]
    .filter(([other, text]) => other === path || rulesOf(text).length > 0)
    .map(([other]) => other)
  const next = having[having.indexOf(path) + step]
  if (next === undefined) return new Map()
  return carried(texts, name, path, next, step === -1 ? rulesOf(texts.get(next)!).length - 1 : 1)
}

/** Moves a rule behind the others of another file, which is made where it is missing. Throws an RpcError. */
export function moveRuleTo(texts: RuleTexts, name: string, to: string): ChangedTexts {
  const path = fileOf(texts, name)
  if (to === path) return new Map()
  if (to !== workspaceFile && !ruleFile.test(to)) {
    throw refused(`${to.slice(0, 100)} is no file of rules`, `write it like rules/mine.yaml, or ${workspaceFile}`)
  }
  return carried(texts, name, path, to, rulesOf(texts.get(to) ?? '').length)
}

/** Turns a rule on or off. Throws an RpcError where there is none of that name. */
export function enableRuleIn(texts: RuleTexts, name: string, enabled: boolean): ChangedTexts {
  const path = fileOf(texts, name)
  const text = texts.get(path)!
  const changed = enableRule(text, findRule(text, name)!, enabled)
  return changed === text ? new Map() : new Map([[path, changed]])
}

export function fileOf(texts: RuleTexts, name: string): string {
  for (const [path, text] of texts) if (findRule(text, name)) return path
  throw refused(`there is no rule "${name.slice(0, 60)}" in the files of the workspace`)
}

/** A rule with the comments above it, out of one file and into another. */
function carried(texts: RuleTexts, name: string, from: string, to: string, at: number): ChangedTexts {
  const source = texts.get(from)!
  const above = commentsAbove(source, name)
  const rule = textOfRule(source, findRule(source, name)!)
  const bare = withoutLines(source, above)
  return new Map([
    [to, insertRule(texts.get(to) ?? '', { name, rule, comments: above.lines }, at)],
    [from, removeRule(bare, findRule(bare, name)!)],
  ])
}
