import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** LDAP injection: leaving an assertion of a search filter (RFC 4515) and adding others. */
export function detectLdap(text: string, traits: number): Finding | undefined {
  if ((traits & trait.parenthesis) === 0) return undefined
  return firstOf('ldap', rules, text)
}

const rules = byScore([
  {
    rule: 'assertion left, another added',
    score: 8,
    pattern: /\)\s*\(\s*[|&!]?\s*\(?\s*[a-z][\w;.-]{0,40}(?::[\w.]{0,30})?\s*[~<>:]?=/i,
  },
  {
    rule: 'assertion left, operator added',
    score: 8,
    pattern: /\)\s*\(\s*[|&!]\s*(?:\(|\)|$)|\*\s*\)+\s*[(!|&]|\)\s*\(\s*[|&!]\s*\w/,
  },
  { rule: 'assertion left', score: 7, pattern: /\*\)+(?:\0|%00|\s*[|&(]|\s*$)|^\*\(\)|^[\w*]{0,40}\)\s*\(\s*[|&!]?$/ },
  { rule: 'filter', score: 6, pattern: /^\(\s*[|&!]\s*\(\s*[a-z][\w;.-]{0,40}\s*[~<>]?=/i },
  {
    rule: 'assertion of any value',
    score: 6,
    pattern:
      /\(\s*(?:objectclass|uid|cn|sn|userpassword|samaccountname|mail|member\w*|gidnumber|uidnumber)\s*[~<>]?=\s*[^)]{0,40}\)?/i,
  },
])
