import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** XML external entities, document types, inclusions, style sheets and XPath that leaves its literal. */
export function detectXxe(text: string, traits: number): Finding | undefined {
  if ((traits & (trait.angle | trait.parenthesis | trait.bracket)) === 0) return undefined
  return firstOf('xxe', rules, text)
}

const rules = byScore([
  { rule: 'external entity', score: 10, pattern: /<!ENTITY\s+(?:%\s*)?[\w:.-]{1,60}\s+(?:SYSTEM|PUBLIC)\b/i },
  { rule: 'entity', score: 9, pattern: /<!ENTITY\s/i },
  { rule: 'external document type', score: 8, pattern: /<!DOCTYPE\s+(?!html\b)[\w:.-]{1,60}\s+(?:SYSTEM|PUBLIC)\b/i },
  { rule: 'document type with declarations', score: 8, pattern: /<!DOCTYPE\s+[\w:.-]{1,60}[^>[]{0,200}\[/i },
  { rule: 'declaration', score: 7, pattern: /<!(?:ELEMENT|ATTLIST|NOTATION)\s/i },
  { rule: 'inclusion', score: 8, pattern: /<xi:include\b|xmlns:xi\s*=|<\?xml-stylesheet\b/i },
  { rule: 'style sheet', score: 8, pattern: /<\/?xsl:\w|XSL\/Transform|\bphp:function\s*\(/i },
  { rule: 'schema from elsewhere', score: 4, pattern: /xsi:(?:noNamespace)?schemaLocation\s*=/i },
  {
    rule: 'XPath over all nodes',
    score: 7,
    pattern:
      /\bcount\s*\(\s*\/{0,2}(?:child|parent|descendant|ancestor|\*|@)|(?:child|descendant|ancestor|following|preceding)(?:-or-self|-sibling)?::(?:node|text|\*)|\b(?:string-length|substring|name|local-name)\s*\(\s*(?:\/|\)\s*=)|\bdocument\s*\(\s*['"]/i,
  },
  {
    rule: 'XPath left for another',
    score: 7,
    pattern: /["']\s{0,4}\)?\s{0,4}\]\s{0,4}(?:\||\/|(?:and|or)\b)|\|\s{0,4}\/\/[\w*]/,
  },
  {
    rule: 'XPath over all nodes',
    score: 6,
    pattern:
      /\/\/[\w*:]{1,40}\[[^\]]{0,60}(?:\b(?:text|position|contains|last|name)\s{0,4}\(|@\w)|\bdoc\s{0,4}\(\s{0,4}["']\w/i,
  },
  { rule: 'markup hidden in CDATA', score: 7, pattern: /<!\[CDATA\[[^\]]{0,20}<[^\]]{0,20}\]\]>/ },
  { rule: 'script behind an XML declaration', score: 6, pattern: /<\?xml\b[^>]{0,100}\?>.{0,300}<(?:script|foo|!)/is },
])
