import { byScore, firstOf, type Context, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

const operators =
  'where|ne|eq|gt|gte|lt|lte|in|nin|regex|exists|or|and|nor|not|type|mod|text|all|size|elemMatch|expr|jsonSchema|function|accumulator|lookup|comment|set|unset|inc|push|pull|rename|options'
const operatorName = new RegExp(String.raw`^[$&](?:${operators})$|\[\$?\$(?:${operators})\]`)

/** NoSQL injection: query operators as names, operators and script inside values (MongoDB, CouchDB). */
export function detectNosql(text: string, traits: number, context: Context): Finding | undefined {
  if (context.name) {
    const found = (traits & (trait.dollar | trait.ampersand)) === 0 ? null : operatorName.exec(text)
    return found
      ? { class: 'nosql', rule: 'query operator as a name', score: 8, start: found.index, end: text.length }
      : undefined
  }
  if ((traits & (trait.dollar | trait.quote | trait.separator | trait.brace)) === 0) return undefined
  return firstOf('nosql', rules, text)
}

const rules = byScore([
  {
    rule: 'query operator',
    score: 8,
    pattern: new RegExp(String.raw`[{,\[]\s*["']?[$&](?:${operators})["']?\s*:|\[\$(?:${operators})\]\s*=?`),
  },
  { rule: 'script as a condition', score: 8, pattern: /\$where\s*["']?\s*[:=]|\$(?:function|accumulator)\s*["']?\s*:/ },
  {
    rule: 'literal left for an operator',
    score: 8,
    pattern: new RegExp(String.raw`["'}\]]\s*,\s*["']?\$(?:${operators})["']?\s*:`),
  },
  {
    rule: 'literal left for script',
    score: 7,
    pattern:
      /["'\d]\s*;\s*(?:return\b|sleep\s*\(|var\s+\w|while\s*\(|throw\b|if\s*\(|this\.|db\.|emit\s*\(|function\b|it\s*=)/,
  },
  {
    rule: 'literal left for a condition',
    score: 7,
    pattern: /["']\s*(?:\|\||&&)\s*(?:this\s*[.[]|["'\d][^=]{0,20}==|\w{1,20}\s*==|true\b|1\b)/,
  },
  {
    rule: 'collection called',
    score: 8,
    pattern:
      /\bdb\s*\.\s*\w{1,60}\s*\.\s*(?:find\w*|insert\w*|update\w*|remove|drop|delete\w*|aggregate|mapreduce|count|save)\s*\(|\bdb\s*\.\s*(?:getcollection|drop\w*|eval|admincommand|version|hostinfo|currentop)/i,
  },
  {
    rule: 'matches any value',
    score: 6,
    pattern: /\bthis\.\w{1,40}(?:\.\w{1,20})?\s*(?:\.match\s*\(|==|!=|\.length|>|<|\[)/,
  },
])
