import { byScore, firstOf, stronger, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'
import { isMentioned } from './prose.ts'

/**
 * Cross-site scripting: tags and their attributes are read as a forgiving browser would, and what can run is looked for:
 * script elements, event handlers, script addresses, styles that run code. Formatting (`<b>`, `<a href="https:…">`)
 * and placeholders (`<name>`) cannot run and are left alone. Outside tags: handlers that leave an attribute, script
 * addresses, and script that touches the page.
 */
export function detectXss(text: string, traits: number): Finding | undefined {
  let found: Finding | undefined
  if (traits & trait.angle)
    found = stronger(inTags(text), text.includes('<') ? firstOf('xss', inMarkup, text) : undefined)
  if (found && found.score >= 9) return found
  if (
    traits &
    (trait.parenthesis |
      trait.equals |
      trait.colon |
      trait.quote |
      trait.dot |
      trait.angle |
      trait.bracket |
      trait.hash)
  ) {
    found = stronger(found, outsideOfTags(text))
    if ((traits & trait.quote) !== 0 && (traits & trait.angle) !== 0) found = stronger(found, leavesAttribute(text))
  }
  return found
}

/** Script without a tag runs only where the whole text is script; in prose it is mentioned. */
function outsideOfTags(text: string): Finding | undefined {
  const found = firstOf('xss', outsideTags, text)
  return found && mentionable.has(found.rule) && isMentioned(text, found.start, found.end)
    ? { ...found, score: 4 }
    : found
}

const mentionable = new Set([
  'dialog',
  'script that reads the page',
  'script that writes the page',
  'characters put together',
  'property getters',
  'evaluates script',
])

/** A quote and a bracket that end no tag of the text itself end one of the page. */
function leavesAttribute(text: string): Finding | undefined {
  const found = /["'`]\s{0,4}\/?\s{0,4}>\s{0,4}<[a-z!/]/i.exec(text)
  if (!found) return undefined
  const open = text.lastIndexOf('<', found.index)
  if (open >= 0 && text.lastIndexOf('>', found.index) <= open) return undefined
  return { class: 'xss', rule: 'quote, then a tag', score: 6, start: found.index, end: found.index + found[0].length }
}

const handlers =
  /^on(?:abort|activate|after\w+|animation\w+|aux\w+|before\w+|begin|blur|bounce|can\w+|cell\w+|change|click|close|context\w+|control\w+|copy|cue\w+|cut|data\w+|dbl\w+|deactivate|device\w+|drag\w*|drop|duration\w+|emptied|encrypted|end|ended|error\w*|exit|filter\w+|finish|focus\w*|form\w+|full\w+|got\w+|hash\w+|help|input|invalid|key\w+|language\w+|layout\w+|load\w*|lose\w+|lost\w+|media\w+|message\w*|mouse\w+|move\w*|offline|online|out\w+|page\w+|paste|pause|play\w*|pointer\w+|popstate|progress|property\w+|rate\w+|ready\w+|reject\w+|repeat|reset|resize\w*|resume|reverse|row\w+|scroll\w*|search|security\w+|seek\w*|select\w*|show|stalled|start|stop|storage|submit|suspend|sync\w+|time\w*|toggle|touch\w+|track\w+|transition\w+|unload|unhandled\w+|url\w+|volume\w+|waiting|webkit\w+|wheel|zoom)$/i
const scriptAddress =
  /^(?:javascript|vbscript|livescript|mocha|jscript):|^data:(?:text\/html|image\/svg|application\/x?html|text\/xml|[^,]{0,60}base64,\s*(?:PHN|PD94|PCFE))|^feed:javascript|^view-source:javascript/i
const urlAttributes =
  /^(?:href|src|action|formaction|data|background|dynsrc|lowsrc|code|codebase|xlink:href|poster|from|to|values|content|srcdoc|cite|manifest|icon|profile|longdesc|usemap|classid|base|folder|ping|srcset|value)$/i
const dangerous =
  /^(?:script|iframe|frame|frameset|object|embed|applet|base|bgsound|ilayer|layer|xss|portal|fencedframe|isindex)$/i
const numericHost = /^(?:https?:)?\/\/(?:0[x\d][\da-f]{1,9}|\d{8,10})(?:[./:]|$)/i
const unsafeStyle = /expression\s*\(|javascript\s*:|behaviou?r\s*:|-moz-binding|@import|vbscript\s*:|-o-link/i

/** Reads tags until something runs; what merely looks unusual is kept in case nothing worse comes. */
function inTags(text: string): Finding | undefined {
  let found: Finding | undefined
  // Attributes of one tag run on into the next in a text of open tags; what was read again and again is read no more.
  const budget = { left: 4 * text.length + 1_000 }
  for (let open = text.indexOf('<'); open >= 0; open = text.indexOf('<', open + 1)) {
    if (budget.left <= 0) return found
    found = stronger(found, tagAt(text, open, budget))
    if (found && found.score >= 9) return found
  }
  return found
}

function tagAt(text: string, open: number, budget: { left: number }): Finding | undefined {
  let at = open + 1
  const closing = text[at] === '/'
  if (closing) at += 1
  // Browsers of some age skip NUL and odd characters before and in names.
  while (at < text.length && /[\0\s%\u00A0-\u00FF]/.test(text[at]!) && at - open < 8) at += 1
  const nameStart = at
  while (at < text.length && at - nameStart < 60 && /[\w:.-]/.test(text[at]!)) at += 1
  const name = text.slice(nameStart, at).replace(/^\w+:(?=script$)/i, '')
  const hit = (rule: string, score: number, end = at): Finding => ({
    class: 'xss',
    rule,
    score,
    start: open,
    end: Math.min(end, text.length),
  })
  if (name === '') {
    if (text.startsWith('<!--', open))
      return text.includes('[if ') || text.startsWith('<!-->', open)
        ? hit('conditional comment', 6, open + 8)
        : undefined
    if (text.startsWith('<![CDATA[', open)) return hit('CDATA section', 4, open + 9)
    return undefined
  }
  if (closing) {
    return /^(?:script|style|textarea|title|noscript|iframe|xmp|noembed|template)$/i.test(name)
      ? hit('leaves a raw text element', 6)
      : undefined
  }
  if (name.toLowerCase() === 'style' && /[@=:{\\]/.test(text.slice(at, at + 200))) return hit('style element', 6)
  if (/^(?:form|input|button|textarea|select|marquee|dialog|details|isindex|keygen)$/i.test(name) && text[at] !== '>') {
    return stronger(attributesOf(text, at, name.toLowerCase(), hit, budget), hit('form element', 5))
  }
  if (/^script/i.test(name)) return hit('script element', 9)
  if (dangerous.test(name)) return hit('element that loads or runs', 8)
  return stronger(
    attributesOf(text, at, name.toLowerCase(), hit, budget),
    /^(?:svg|math)$|^(?:svg|math|html|x|t|v|o):\w/i.test(name)
      ? hit('foreign element', name.includes(':') ? 5 : 4)
      : undefined,
  )
}

type Hit = (rule: string, score: number, end?: number) => Finding

function attributesOf(
  text: string,
  from: number,
  tag: string,
  hit: Hit,
  budget: { left: number },
): Finding | undefined {
  let at = from
  let found: Finding | undefined
  const limit = Math.min(text.length, from + 2_000)
  while (at < limit && text[at] !== '>') {
    if (!/[a-z_]/i.test(text[at]!)) {
      at += 1
      continue
    }
    const start = at
    while (at < limit && /[\w:.-]/.test(text[at]!)) at += 1
    const name = text.slice(start, at)
    while (at < limit && /[\s\0/]/.test(text[at]!)) at += 1
    if (text[at] !== '=') continue
    at += 1
    while (at < limit && /[\s\0]/.test(text[at]!)) at += 1
    const quote = text[at]
    const quoted = quote === '"' || quote === "'" || quote === '`'
    const valueStart = quoted ? at + 1 : at
    let end = quoted ? text.indexOf(quote, valueStart) : at
    if (!quoted) while (end < limit && !/[\s>]/.test(text[end]!)) end += 1
    if (end < 0 || end > limit) end = limit
    const value = text.slice(valueStart, end)
    at = quoted ? end + 1 : end
    found = stronger(
      found,
      attribute(tag, name, value, () => hit('event handler', 10, end), hit, end),
    )
    if (found && found.score >= 9) return found
  }
  budget.left -= at - from
  return found
}

function attribute(
  tag: string,
  name: string,
  value: string,
  handler: () => Finding,
  hit: Hit,
  end: number,
): Finding | undefined {
  if (/^on[a-z]{3}/i.test(name) && (handlers.test(name) || /[(=`.]/.test(value))) return handler()
  if (/^on[a-z]{3,20}$/i.test(name) && !/^on(?:e\w*|ly|line|ce|going|set|to|board|site|demand)$/i.test(name))
    return hit('unknown handler', 6, end)
  if (name.toLowerCase() === 'srcdoc') return hit('document in an attribute', 9, end)
  if (urlAttributes.test(name) && numericHost.test(value)) return hit('host as a number', 6, end)
  if (urlAttributes.test(name) && /^.{0,12}[\t\n\r]/.test(value)) return hit('address with a break in it', 6, end)
  if (urlAttributes.test(name) && scriptAddress.test(bareAddress(value))) return hit('script address', 9, end)
  if (name.toLowerCase() === 'style') {
    if (unsafeStyle.test(bareStyle(value))) return hit('style that runs', 9, end)
    if (/\b(?:filter|clip-path|mask|marker|fill|stroke)\s*:\s*url\(\s*["']?[^#"'\s)]/i.test(value))
      return hit('style that loads', 6, end)
    if (/&#|[\u007F]|\}/.test(value)) return hit('style in disguise', 6, end)
  }
  if (
    tag === 'meta' &&
    /^(?:http-equiv|charset)$/i.test(name) &&
    /refresh|utf-7|set-cookie|content-type|link/i.test(value)
  )
    return hit('meta that redirects or recodes', 7, end)
  if (tag === 'meta' && /charset/i.test(name)) return hit('meta that recodes', 6, end)
  if (tag === 'link' && /^(?:rel|href)$/i.test(name) && /stylesheet|import|^https?:|^\/\//i.test(value))
    return hit('link that loads', 6, end)
  if (/^(?:formaction|xlink:href|attributename|datasrc|dynsrc|lowsrc|fscommand|seeksegmenttime)$/i.test(name))
    return hit('attribute that loads or runs', 6, end)
  if (tag === 'img' && name.toLowerCase() === 'src' && /^(?:x|1|0|a|#|x:x|xxx?:x)$/i.test(value))
    return hit('image that fails', 4, end)
  return undefined
}

/** A declaration as browsers read it: comments fall away, `\\006A` is a letter (CSS Syntax §4.3.7). */
function bareStyle(value: string): string {
  return value
    .replaceAll(/\/\*.{0,100}?\*\//g, '')
    .replaceAll(/\\([\da-f]{1,6})\s?/gi, (_all, hex: string) => {
      const code = Number.parseInt(hex, 16)
      return code > 0 && code <= 0x10_ffff ? String.fromCodePoint(code) : ''
    })
    .replaceAll('\\', '')
}

/** An address as browsers read it: white space and control characters inside the scheme fall away. */
function bareAddress(value: string): string {
  return value
    .slice(0, 200)
    .replaceAll(/&colon;/gi, ':')
    .replaceAll(/[\0-\u0020\u00A0\u2028\u2029]/g, '')
    .replace(/^[^a-z]{1,12}(?=[a-z]{4,10}script:|data:)/i, '')
}

const inMarkup = byScore([
  { rule: 'processing instruction that loads', score: 7, pattern: /<\?(?:import|xml:namespace)\b/i },
  { rule: 'XML inside a text', score: 5, pattern: /\S\s{0,80}<\?xml[\s:]/i },
  { rule: 'end of the page', score: 5, pattern: /<\/(?:body|html|head|frameset)\s*>/i },
])

const outsideTags = byScore([
  { rule: 'ActiveX object', score: 7, pattern: /\bnew\s+activexobject\b/i },
  { rule: 'dialog called through parentheses', score: 8, pattern: /\(\s*(?:alert|confirm|prompt|eval)\s*\)\s*\(/i },
  { rule: 'padded character reference', score: 6, pattern: /&#0{2,8}\d{2}|&#x0{1,8}3[ce](?![\da-f])/i },
  { rule: 'numeric character reference to a tag', score: 5, pattern: /&#(?:60|x3c)(?![\da-f])/i },
  {
    rule: 'property of the page',
    score: 6,
    pattern:
      /^\W{0,4}(?:document\.(?:cookie|domain|location|write|body)|window\.(?:location|name|open|onerror))\W{0,4}$/i,
  },
  { rule: 'leaves an attribute for a handler', score: 8, pattern: /["'`]\s*[/>]?\s*\bon[a-z]{4,20}\s*=\s*[^\s=]/i },
  {
    rule: 'leaves an attribute for another',
    score: 8,
    pattern:
      /["'`]\s{1,4}(?:autofocus|contenteditable|tabindex|accesskey|style|id|class|x)\b[^<>]{0,60}\son[a-z]{4,20}\s*=\s*[^\s=]/i,
  },
  {
    rule: 'handler that calls',
    score: 8,
    pattern:
      /\bon(?:error|load|click|focus|blur|mouse\w{2,8}|key\w{2,8}|begin|toggle|start|pointer\w{2,8}|animation\w{3,12}|submit|change)\s*=\s*["'`]?[\w.:]{1,40}\s*[(`=]/i,
  },
  {
    rule: 'script address',
    score: 8,
    pattern:
      /(?:^|["'`=(\s,/:;])(?:j\s{0,3}a\s{0,3}v\s{0,3}a\s{0,3}s\s{0,3}c\s{0,3}r\s{0,3}i\s{0,3}p\s{0,3}t|vbscript|livescript)\s{0,8}:(?:\S|\s{1,4}[^\s]{0,60}[(=`%])/i,
  },
  {
    rule: 'document address',
    score: 7,
    pattern: /(?:^|["'`=(\s,])data:(?:text\/html|application\/xhtml|image\/svg\+xml|text\/xml)[;,]/i,
  },
  {
    rule: 'dialog after leaving a literal',
    score: 8,
    pattern:
      /["'`)}\]][^a-z]{0,12}(?:window\.|self\.|top\.|parent\.)?(?:alert|confirm|prompt|eval|print)\s*\(|["'`)}\]][^a-z]{1,12}(?:alert|confirm|prompt|eval)`/i,
  },
  {
    rule: 'dialog',
    score: 6,
    pattern:
      /(?:^|[^\w.])(?:alert|confirm|prompt)\s*(?:\(|`)\s*(?:\d|["'`/]|document|location|window|this|String\.|self|top|xss|origin|\))/i,
  },
  {
    rule: 'script that reads the page',
    score: 7,
    pattern:
      /document\s*(?:\.|\[\s*["'`])\s*(?:cookie|domain|write(?:ln)?\b|location|body|forms|referrer|createelement|queryselector|getelement)/i,
  },
  {
    rule: 'script that reads the page',
    score: 7,
    pattern:
      /(?:window|self|top|parent|frames|globalThis|this)\s*(?:\.\s*(?:location|name|document|eval|opener|onerror)\b\s*[=.(;[]|\[\s*["'`/])/i,
  },
  {
    rule: 'script that writes the page',
    score: 7,
    pattern:
      /(?:inner|outer)html\s*=|\blocation\s*(?:\.\s*(?:href|hash|search)\s*)?=\s*["'`a-z]|insertadjacenthtml|\.\s*write(?:ln)?\s*\(\s*["'`<]/i,
  },
  {
    rule: 'characters put together',
    score: 8,
    pattern:
      /fromcharcode\s*\(|string\s*\.\s*fromc|(?:^|[^.\w]|window\.|self\.)(?:unescape|atob)\s*\(\s*["'`\w%]|\\u00[0-7][0-9a-f]\\u00[0-7][0-9a-f]/i,
  },
  {
    rule: 'script made of signs',
    score: 8,
    pattern: /!\[\](?!\()|!\[\]\s*\+\s*\[\]|\[\]\s*\[\s*\(|\+!\+\[\]|\(\(\)=>\{\}\)|\$\s*=\s*~\s*\[\]/,
  },
  {
    rule: 'call without parentheses',
    score: 8,
    pattern:
      /\.\s*(?:call|sort|map|find|filter|apply|constructor|replace|foreach)\s*[`(]\s*(?:\$\{|`|alert|eval|confirm|prompt)/i,
  },
  {
    rule: 'evaluates script',
    score: 7,
    pattern:
      /\b(?:eval|settimeout|setinterval|execscript|setimmediate|function)\s*\(\s*(?:["'`]|location|name|atob|unescape|string|alert|document|window|\w{1,12}\s*\.\s*\w)/i,
  },
  {
    rule: 'style that runs',
    score: 7,
    pattern:
      /:\s*expression\s*\(|-moz-binding\s*:|behaviou?r\s*:\s*url\s*\(|url\s*\(\s*["']?\s*javascript:|@import\s*["'u]/i,
  },
  {
    rule: 'namespaced script',
    score: 8,
    pattern: /xmlns(?::\w{1,12})?\s*=\s*["'`]?[^"'`>]{0,60}(?:xhtml|svg|XSL)|xlink:href\s*=/i,
  },
  {
    rule: 'property getters',
    score: 6,
    pattern:
      /__define[gs]etter__|\bwith\s*\(\s*document\s*\)|\bimport ?\( ?["'`]|\bnew\s+function\s*\(|\breflect\s*\.|onerror\s*=\s*\w/i,
  },
])
