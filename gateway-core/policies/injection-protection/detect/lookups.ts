import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** Log4Shell (CVE-2021-44228): nested lookups are resolved as the logger would, so that `${${lower:j}ndi:…}` is seen as what it is. */
export function detectLog4shell(text: string, traits: number): Finding | undefined {
  if ((traits & trait.dollar) === 0 || (traits & trait.brace) === 0 || !text.includes('${')) return undefined
  let resolved = text
  for (let round = 0; round < 6; round += 1) {
    const next = resolved.replaceAll(/\$\{([^${}]{0,200})\}/g, (all, inside: string) => {
      if (/^\s*jndi\s*:/i.test(inside)) return all
      const fallback = inside.indexOf(':-')
      if (fallback >= 0) return inside.slice(fallback + 2)
      const colon = inside.lastIndexOf(':')
      return /^(?:lower|upper)/i.test(inside) && colon >= 0 ? inside.slice(colon + 1) : all
    })
    if (next === resolved) break
    resolved = next
  }
  const found =
    /\$\{\s*jndi\s*:|\$\{[^}]{0,80}jndi\s*:/i.exec(resolved) ??
    /\bj\W{0,6}n\W{0,6}d\W{0,6}i\W{0,6}:\W{0,6}(?:ldaps?|rmi|dns|iiop|corba|nis|nds|https?):/i.exec(resolved)
  if (found)
    return {
      class: 'log4shell',
      rule: 'lookup of a remote object',
      score: 10,
      start: Math.max(0, text.indexOf('${')),
      end: text.length,
    }
  return firstOf('log4shell', rules, text)
}

const rules = byScore([
  {
    rule: 'nested lookups',
    score: 8,
    pattern: /\$\{[^}$]{0,60}\$\{[^}$]{0,60}(?:::|:-|lower:|upper:|env:|sys:|date:)/i,
  },
  {
    rule: 'lookup',
    score: 6,
    pattern:
      /\$\{(?:jndi|env|sys|java|ctx|k8s|spring|docker|main|lower|upper|bundle|sd|marker|base64|script|dns|url|urlencoder|urldecoder|const|file|properties|resourcebundle|xml):[^}]{1,100}\}/i,
  },
])
