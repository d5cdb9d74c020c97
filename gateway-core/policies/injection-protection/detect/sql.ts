import { stronger, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'
import { sqlTokens, type SqlTokens } from './sql-tokens.ts'

/** Words that make a text worth splitting when it has no quotes, comments or comparisons. */
const words =
  /\b(?:union|select|insert\s+into|update|delete\s+from|drop|alter|truncate|exec(?:ute)?|declare|waitfor|order\s+by|group\s+by|having|sleep|benchmark|pg_sleep|information_schema|sysobjects|xp_\w+|procedure\s+analyse|shutdown|case\s+when)\b/i
const joins = /\b(?:or|and|xor|like|having|in|between)\b|\|\||&&/i

/**
 * SQL injection: the text is split as a database would, once as it stands and once as the rest of a quoted string, and the
 * order of tokens is compared with what attacks have in common: leaving a literal, a condition that is always true,
 * a second statement, a union, functions that wait or read files. Prose, names with apostrophes and filter languages
 * lack that shape.
 */
export function detectSql(text: string, traits: number): Finding | undefined {
  const special = traits & (trait.quote | trait.equals | trait.parenthesis | trait.hash | trait.angle)
  const worth =
    (special !== 0 && joins.test(text)) ||
    words.test(text) ||
    (traits & (trait.quote | trait.parenthesis)) !== 0 ||
    (traits & trait.hash) !== 0 ||
    text.includes('--') ||
    text.includes('/*') ||
    text.includes('::')
  if (!worth || text.length < 3) return undefined
  let found = judge(sqlTokens(text, ''), false)
  if (found && found.score >= 8) return found
  if (traits & trait.quote) {
    if (text.includes("'")) found = stronger(found, judge(sqlTokens(text, "'"), true))
    if (text.includes('"')) found = stronger(found, judge(sqlTokens(text, '"'), true))
  }
  return found
}

type Rule = readonly [rule: string, score: number, order: RegExp]

/** In text as it stands. */
const bare: readonly Rule[] = [
  ['union select', 10, /U\(*E/],
  ['conditional comment', 7, /!/],
  ['condition that is always true', 8, /l\(*[ns]o\(*[ns]/],
  ['condition that is always true', 8, /(?:^|B|[)n;])\(*[ns]o\(*[ns]\)*c$/],
  ['having a constant condition', 8, /B\(*[ns]o[ns]/],
  ['condition on a function', 7, /l\(*[nsv]o\(*[Ff]\(/],
  ['condition on a function', 8, /l\(*F\(/],
  ['condition on a subquery', 8, /[lo]t?\(+E/],
  ['constant condition, rest cut off', 7, /l\(*[nsw]\)*c$/],
  ['cut off after parentheses', 6, /^[nsw]?\)+c$/],
  ['characters put together', 7, /F\(n\)[al]F\(n\)/],
  ['subquery', 8, /\(Ev|\(EF\(|\(En[,)]/],
  ['select without a table', 7, /^Ev|^EF\(|[;)]E[vF]/],
  ['cut off after a parenthesis', 5, /^[ns]?\)+[lo]/],
  ['columns filled up', 7, /^[sn]?\)*(?:,n){2,40}\)*(?:c|;|$)/],
  ['json operator', 6, /s:w?o?|^l\(*s[xao:]/],
  ['strings compared', 6, /^s[oa]s[oa]n/],
  ['condition of a clause', 5, /B.{0,40}B[fF]\([^)]{0,20}\)o[ns]/],
  ['condition on a constant', 5, /^[fF]\(n[o]/],
  ['condition added', 6, /^l[wn]o[wns]$/],
]

/** In text read as the rest of a quoted string: the first token is what ends that string. */
const escaped: readonly Rule[] = [
  ['quote left, then union', 10, /^s\)*U/],
  ['quote left, then a condition', 8, /^s\)*l\(*(?:[nsvw]\)*[oa]|[FfE]|w\(|t\()/],
  ['quote left, then a condition', 7, /^s\)*l\(*[ns](?:$|\)|c)/],
  ['quote left, then a second statement', 8, /^s\)*;\(*[DEF]/],
  ['quote left, then a condition', 7, /^s\)*l\(*w{1,2}[ns]?c$/],
  ['quote left, then the end', 6, /^s\)*;?c$/],
  ['quote left, then a clause', 8, /^s\)*B(?:t[nwfF(]|n|[fF]\(|wo)/],
  ['conditional comment', 7, /!/],
  ['quote left, then columns', 8, /^s\)*(?:,[ns]){1,40}\)*(?:c|D|a?F|U)/],
  ['quote left, then a comparison', 6, /^s\)*o\(*[nsv]\)*(?:c|$)/],
  ['quote left, then a calculation', 7, /^s\)*[oa]\(*(?:[FE]|f\(F)/],
  ['quote left, then a calculation', 6, /^sa\(*n\)*[ol]s$/],
  ['quote left, then a calculation', 5, /^s[al]s$/],
  ['quote left, then a comparison', 7, /^s\)*o\(*[nsvw].*c$/],
  ['quote left, then a delay', 9, /^s\)*;?Dts/],
  ['quote left, parentheses closed', 6, /^s\)+(?:[lo;]|c|,n)/],
]

const schemaTables =
  /\b(?:information_schema|sysobjects|syscolumns|sys\.(?:all_|user_|databases|tables|objects)|all_tables|user_tables|all_users|pg_(?:catalog|shadow|user|tables|database)|sqlite_(?:master|schema)|mysql\.user|msysaccessobjects|v\$version|master\.\.|master\.dbo|dba_users)\b/

function judge(tokens: SqlTokens, inside: boolean): Finding | undefined {
  const { kinds } = tokens
  let found: Finding | undefined
  if (inside && opensAttribute(tokens)) return undefined
  for (const [rule, score, order] of inside ? escaped : bare) {
    if (found && found.score >= score) continue
    const at = order.exec(kinds)
    if (at && kinds.endsWith('c') && order.source.endsWith('c$') && score < 8 && isProse(tokens)) continue
    if (at && !(rule === 'quote left, then a calculation' && score === 5 && /\s/.test(tokens.texts[0]!.trim())))
      found = finding(tokens, rule, score, at.index, at.index + at[0].length)
  }
  if (inside && !/^s\)*[oal]/.test(kinds) && !/[FED;U]/.test(kinds)) return found
  return stronger(found, bySense(tokens, inside))
}

/** The quote that would end a string begins the value of an attribute: `<a href="#top">`. */
function opensAttribute({ texts }: SqlTokens): boolean {
  return /<[a-z][^<>]*\s[\w:-]+\s?=\s?["']$/.test(texts[0]!.slice(-200))
}

/** Attacks cut off what follows them; a comment that goes on in words is a dash or a number sign in a sentence. */
function isProse({ texts }: SqlTokens): boolean {
  const rest = texts.at(-1)!.replace(/^(?:--|#|\/\*)/, '')
  return (rest.match(/\p{L}{2,}/gu)?.length ?? 0) > 1
}

/** Rules that need the words, not only their kinds. */
function bySense(tokens: SqlTokens, inside: boolean): Finding | undefined {
  const { kinds, texts } = tokens
  let found: Finding | undefined
  const note = (rule: string, score: number, from: number, to: number): void => {
    found = stronger(found, finding(tokens, rule, score, from, to))
  }
  if (tokens.comments > 0 && /^[ns]?l[nsw]/.test(kinds)) note('comments between the words of a condition', 6, 0, 3)
  for (let at = 0; at < kinds.length; at += 1) {
    const kind = kinds[at]!
    const word = texts[at]!
    if (kind === 'E') selectFrom(tokens, at, note)
    else if (kind === 'w' && word === 'pg_sleep' && kinds[at - 1] === 'E')
      note('function that waits or reads', 6, at, at + 1)
    else if (kind === 't' && word === 'case' && texts[at + 1] === 'when') {
      const then = texts.indexOf('then', at)
      if (then > at && then - at < 30 && kinds.slice(at, then).includes('o')) note('condition of a case', 6, at, then)
    } else if (kind === 'D') statement(tokens, at, inside, note)
    else if (kind === 'F' && waits.test(word) && !/^\(w+[^,).]/.test(kinds.slice(at + 1, at + 8))) {
      const telling = /[lUEcD]|s[oa]|if/.test(kinds.slice(0, at)) || kinds.includes('c') || kinds[at + 2] === 'n'
      note('function that waits or reads', telling ? 8 : 6, at, at + 2)
    } else if (kind === 'B' && word === 'order' && texts[at + 1] === 'by' && kinds[at + 2] === 'n') {
      if (/^[sn]?\)*$/.test(kinds.slice(0, at)) && /^(?:,n)*(?:c|;|$)/.test(kinds.slice(at + 3)))
        note('order by a column number', 6, at, at + 3)
    } else if (kind === 'B' && word === 'procedure' && texts[at + 1] === 'analyse')
      note('procedure analyse', 8, at, at + 2)
    else if (kind === 'v' && word.startsWith('@@') && word.length > 3) note('server variable', 6, at, at + 1)
    else if (kind === 't' && word === 'into' && (texts[at + 1] === 'outfile' || texts[at + 1] === 'dumpfile'))
      note('writes a file', 9, at, at + 2)
    else if ((kind === 'w' || kind === 'x') && schemaTables.test(word)) note('tables about tables', 7, at, at + 1)
    else if (
      kind === 'l' &&
      kinds[at + 1] === 'w' &&
      kinds[at + 2] === 'o' &&
      kinds[at + 3] === 'w' &&
      texts[at + 2] === '=' &&
      texts[at + 1] === texts[at + 3]
    ) {
      note('condition that is always true', 8, at, at + 4)
    }
  }
  return found
}

const waits =
  /(?:^|\.)(?:sleep|benchmark|pg_sleep\w*|load_file|extractvalue|updatexml|xp_\w+|sp_(?:exec|oa|conf|add)\w*|load_extension|pg_read_file|randomblob|openrowset|get_host_\w+|waitfor)$|^(?:utl_|dbms_)/

type Note = (rule: string, score: number, from: number, to: number) => void

function selectFrom({ kinds, texts }: SqlTokens, at: number, note: Note): void {
  const until = Math.min(kinds.length, at + 80)
  for (let from = at + 1; from < until; from += 1) {
    if (kinds[from] !== 't' || texts[from] !== 'from') continue
    const list = kinds.slice(at + 1, from)
    if (list === '' || !/[wsf(F]/.test(kinds[from + 1] ?? '') || /w{3}/.test(list)) return
    const rest = kinds.slice(from + 2)
    const shaped = /[a,(nsv]/.test(list)
    if (shaped && !/^w{2}/.test(rest)) note('select from a table', 8, at, from + 2)
    else if (/^w$/.test(list) && /^(?:$|[tc;)B])/.test(rest))
      note('select from a table', rest.startsWith('t') || rest.startsWith('c') ? 7 : 5, at, from + 2)
    return
  }
}

/** Second word (or what follows) that makes a verb a statement. */
const statementShapes: Readonly<Record<string, RegExp>> = {
  insert: /^into \S/,
  update: /^\S+ set \S+ =/,
  delete: /^from \S+(?: where| ;| --|$)/,
  drop: /^(?:table|database|view|index|schema|user|function|procedure|trigger|column) (?:if exists )?\S+(?: [^a-z]| cascade| restrict|$)/,
  alter: /^(?:table|database|user|login|session|system|role) \S/,
  create:
    /^(?:table|user|login|database|function|procedure|trigger|or replace|temp|temporary|view|role|extension|alias) \S+/,
  truncate: /^table \S+(?: [^a-z]| restart| cascade|$)/,
  exec: /^(?:\( ['"@]|@|master|sp_|xp_|'|immediate)/,
  execute: /^(?:\( ['"@]|@|master|sp_|xp_|'|immediate)/,
  declare: /^@/,
  shutdown: /^(?:with|;|--|$)/,
  merge: /^into \S/,
  grant: /^\S+ (?:on|to) \S/,
  waitfor: /^(?:delay|time) '?/,
  handler: /^\S+ (?:open|read)/,
  load: /^data (?:local )?infile/,
  backup: /^database \S/,
  copy: /^\( select|^\S+ (?:from|to) '/,
  attach: /^database '/,
  set: /^@\w+ =|^global |^password/,
  call: /^\w+ \(/,
}

function statement(tokens: SqlTokens, at: number, inside: boolean, note: Note): void {
  const { kinds, texts } = tokens
  const shape = statementShapes[texts[at]!]
  if (!shape?.test(texts.slice(at + 1, at + 6).join(' '))) return
  const before = kinds[at - 1]
  if (texts[at] === 'waitfor') note('statement that waits', 9, at, at + 3)
  else if (before === ';' || (inside && at < 6) || kinds.endsWith('c')) note('second statement', 8, at, at + 3)
  else if (at === 0 || before === ')' || before === 's')
    note('statement', /^(?:exec|declare|drop|insert|truncate|alter|load|update)/.test(texts[at]!) ? 6 : 5, at, at + 3)
}

function finding({ starts, ends }: SqlTokens, rule: string, score: number, from: number, to: number): Finding {
  const last = Math.min(to, ends.length) - 1
  return { class: 'sql', rule, score, start: starts[Math.min(from, starts.length - 1)] ?? 0, end: ends[last] ?? 0 }
}
