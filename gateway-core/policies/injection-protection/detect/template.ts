import { byScore, firstOf, type Finding } from '../finding.ts'
import { trait } from '../traits.ts'

/** Template injection (Jinja, Twig, Freemarker, Velocity, Mako, Smarty, ERB, Thymeleaf, …) and server-side includes. `{{name}}` and `${name}` alone are placeholders. */
export function detectTemplate(text: string, traits: number): Finding | undefined {
  if ((traits & (trait.brace | trait.angle | trait.hash | trait.at)) === 0) return undefined
  return firstOf('template', rules, text)
}

/** What makes an expression do something: arithmetic with constants, calls, attributes that lead to the interpreter. */
const doing = String.raw`(?:\d\s*[*+\-/%]\s*['"]?\d|['"]\s*[*+~|]\s*['"\d]|\w\s*\(|\|\s*(?:attr|filter|map|join|e|safe|format|select|sort|reduce|tojson|raw|file_excerpt|system)\b|__|\.class\b|\.constructor\b|\bself\b|\bconfig\b|\brequest\b|\bcycler\b|\bjoiner\b|\bnamespace\b|\blipsum\b|\bgetclass\b|\b_self\b|\bapp\b\.|@\(|\[\s*\]\s*\.|\(\s*\)\s*\.)`

const rules = byScore([
  {
    rule: 'server-side include',
    score: 9,
    pattern: /<!--\s*#\s*(?:exec|include|echo|config|fsize|flastmod|printenv|set|if|elif|else|endif)\b/i,
  },
  { rule: 'edge-side include', score: 8, pattern: /<esi:\w{2,12}/i },
  { rule: 'expression that does something', score: 8, pattern: new RegExp(String.raw`\{\{[^{}]{0,300}?${doing}`, 'i') },
  {
    rule: 'expression that does something',
    score: 8,
    pattern: new RegExp(
      String.raw`[$#*@~]\{\{?[^{}]{0,300}?(?:\d\s*[*+\-/]\s*\d|\bT\s*\(|\bnew\s*\(|\?\s*new|\.system\s*\(|\.popen\s*\(|getclass|\.class\b|runtime|\bexec\s*\(|\bself\b[.[]|freemarker|classloader|getenv|forname|\.constructor\b|__|\bfile\b\s*\.|\bsystem\b\s*[.(]|phpinfo|phpversion|"\s*\.\s*|\bprocess\b|\brequest\b\.|\bsession\b\.|\bapplication\b\.|\bproperties\b|\w\s*\(\s*\)\s*\.)`,
      'i',
    ),
  },
  {
    rule: 'block that does something',
    score: 8,
    pattern: new RegExp(
      String.raw`\{%-?[^{}]{0,300}?(?:__|popen|subclasses|import\b|include\b|system|\bdebug\b|request\b|\bset\b\s+\w+\s*=\s*['"(\[{]|\(\s*\)\s*\.)`,
      'i',
    ),
  },
  {
    rule: 'block of a template',
    score: 5,
    pattern: /\{%-?\s*(?:for|if|set|macro|raw|extends|block|call|filter|with|autoescape)\b[^{}]{0,120}%\}/i,
  },
  {
    rule: 'embedded Ruby',
    score: 8,
    pattern:
      /<%=?-?\s*(?:\d+\s*[*+\-/]\s*\d|`|system|exec|open|file|io\b|dir|kernel|self|require|global|process|%x|foobar)/i,
  },
  {
    rule: 'Smarty',
    score: 8,
    pattern:
      /\{\s*(?:\$smarty\b|php\}|\/php\}|literal\}|fetch\b|include_php|math\s+equation|self::|system\s*\(|exec\s*\(|if\s+\w+\s*\()|\{\$\w+(?:->|::)|\{\$\{/i,
  },
  {
    rule: 'Velocity',
    score: 8,
    pattern: /#set\s*\(\s*\$|#(?:foreach|evaluate|parse|include|macro)\s*\(|\$(?:class|!?\w+\.class|\w+\.getclass)\b/i,
  },
  {
    rule: 'Freemarker',
    score: 8,
    pattern:
      /<#(?:assign|list|if|include|import|global|local|macro|function|setting)\b|\?(?:new|api|eval|interpret)\s*\(|\[#assign\b/i,
  },
  { rule: 'Thymeleaf', score: 8, pattern: /__\$\{|\[\[\s*\$\{|\[\(\s*\$\{|~\{::|\bth:(?:text|utext|inline|with)\s*=/i },
  {
    rule: 'interpolation of Ruby or Pug',
    score: 7,
    pattern: /#\{\s*(?:\d+\s*[*+\-/]\s*\d|`|system|exec|root|global|process|self|file\b|function|[\w.]{1,40}\()/i,
  },
  {
    rule: 'fields probed',
    score: 6,
    pattern: /\$\{\{|<%\[%|\$\{<%|\{\{\s*['"](?![\w .,:-]{1,80}['"]\s*(?:\|\s*[a-z]|\}))/,
  },
  {
    rule: 'arithmetic in a placeholder',
    score: 7,
    pattern:
      /@\(\s{0,4}\d{1,9}\s{0,4}[*+/-]\s{0,4}\d{1,9}\s{0,4}\)|%\{\s{0,4}\(?\d{1,9}\s{0,4}[*+/-]\s{0,4}\d|\{!\s{0,4}\d{1,9}\s{0,4}[*+/-]\s{0,4}\d/,
  },
  { rule: 'class in a placeholder', score: 8, pattern: /\$\{\s{0,4}class\s{0,4}[.[]/i },
])
