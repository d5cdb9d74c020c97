/**
 * Splits text as a database would, in one pass. Kinds are one letter each, so that the order of tokens is a string:
 * n number or constant, s string, w word, F function that attacks use, f other call, o comparison, a arithmetic,
 * l logical, U union, E select, D another statement, B clause after a condition, t part of a statement, c comment,
 * v variable, x anything else; parentheses, comma and semicolon stand for themselves.
 */
export interface SqlTokens {
  kinds: string
  texts: readonly string[]
  starts: readonly number[]
  ends: readonly number[]
  /** The last string has no closing quote. */
  open: boolean
  /** How many comments stand between tokens. */
  comments: number
}

const logical = new Set(['and', 'or', 'xor', 'not'])
const comparisons = new Set([
  'like',
  'rlike',
  'regexp',
  'between',
  'in',
  'is',
  'ilike',
  'sounds',
  'glob',
  'match',
  'similar',
])
const constants = new Set([
  'null',
  'true',
  'false',
  'current_user',
  'session_user',
  'sysdate',
  'rownum',
  'current_date',
  'current_timestamp',
])
const statements = new Set([
  'insert',
  'update',
  'delete',
  'drop',
  'alter',
  'create',
  'truncate',
  'exec',
  'execute',
  'declare',
  'shutdown',
  'merge',
  'grant',
  'revoke',
  'replace',
  'call',
  'handler',
  'load',
  'backup',
  'restore',
  'waitfor',
  'copy',
  'attach',
  'pragma',
  'vacuum',
  'begin',
  'rename',
  'kill',
  'use',
  'set',
  'show',
  'describe',
  'explain',
  'prepare',
  'deallocate',
  'print',
])
const clauses = new Set(['having', 'limit', 'order', 'group', 'procedure', 'offset', 'fetch', 'rollup'])
const parts = new Set([
  'from',
  'into',
  'where',
  'values',
  'table',
  'by',
  'as',
  'join',
  'on',
  'using',
  'exists',
  'case',
  'when',
  'then',
  'else',
  'end',
  'cast',
  'outfile',
  'dumpfile',
  'database',
  'index',
  'view',
  'schema',
  'delay',
  'asc',
  'desc',
  'minus',
  'intersect',
  'except',
])
const modifiers = new Set(['all', 'distinct', 'distinctrow', 'top', 'binary', 'unique'])
const attackFunctions =
  /^(?:sleep|benchmark|pg_sleep(?:_for|_until)?|load_file|extractvalue|updatexml|xmltype|get_host_address|get_host_name|xp_\w+|sp_(?:execute\w*|password|oa\w+|configure|addextendedproc|makewebtask|prepare|replwritetovarbin)|utl_\w+|dbms_\w+|ctxsys\w*|name_const|row_count|make_set|elt|geometrycollection|multipoint|polygon|multipolygon|linestring|multilinestring|st_latfromgeohash|randomblob|load_extension|pg_read_file|pg_ls_dir|lo_import|lo_export|query_to_xml|database_to_xml|table_to_xml|openrowset|opendatasource|openquery|json_extract|json_depth|json_keys|group_concat|current_setting|hex|unhex|ascii|ord|chr|char|nchar|substring|substr|mid|concat|concat_ws|convert|md5|sha1|database|schema|version|user|current_user|session_user|system_user|user_name|db_name|host_name|serverproperty|count|if|ifnull|iif|nvl|coalesce|exp|floor|rand|length|len|to_char|quote_ident|waitfor|generate_series|like|likelihood|compress|uncompress|aes_encrypt|des_encrypt|encode|cast|ascii|reverse|wm_concat|string_agg|array_agg|listagg|xmlagg|xmlelement|xmlforest)$/

const prosaicFunctions =
  /^(?:version|user|count|database|schema|length|len|if|exp|like|likelihood|ascii|hex|convert|encode|compress|reverse|char|mid|floor|polygon|concat)$/

/** Reads `text` from `from`, where a string that began before it may still be open with quote `inside`. */
export function sqlTokens(text: string, inside: '' | "'" | '"', most = 2_100): SqlTokens {
  let kinds = ''
  const texts: string[] = []
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  let open = false
  let comments = 0
  const add = (kind: string, start: number, end: number): void => {
    kinds += kind
    texts.push(text.slice(start, end).toLowerCase())
    starts.push(start)
    ends.push(end)
    at = end
  }
  if (inside !== '') {
    const end = stringEnd(text, 0, inside)
    if (end < 0) return { kinds: 's', texts: [text], starts: [0], ends: [text.length], open: true, comments: 0 }
    add('s', 0, end)
  }
  while (at < text.length && kinds.length < most) {
    // oxlint-disable-next-line unicorn/prefer-code-point -- ASCII is all that matters here
    const code = text.charCodeAt(at)
    if (code <= 32 || code === 160) {
      at += 1
      continue
    }
    const character = text[at]!
    const next = text[at + 1]
    if (isWordStart(code)) {
      let end = at + 1
      // oxlint-disable-next-line unicorn/prefer-code-point -- ASCII is all that matters here
      while (end < text.length && isWordPart(text.charCodeAt(end))) end += 1
      const word = text.slice(at, end).toLowerCase()
      if (end - at === 1 && (word === 'n' || word === 'x' || word === 'b') && text[end] === "'") {
        at = end
        continue
      }
      if (!modifiers.has(word) && !(word === 'not' && kinds.endsWith('l'))) add(kindOfWord(word, text, end), at, end)
      else at = end
    } else if (code >= 48 && code <= 57) add('n', at, numberEnd(text, at))
    else if (character === "'" || character === '"') {
      const end = stringEnd(text, at + 1, character)
      open = end < 0
      add('s', at, end < 0 ? text.length : end)
    } else if (character === '-' && next === '-')
      add(text[at + 2] === '>' && text.lastIndexOf('<!--', at) >= 0 ? 'x' : 'c', at, lineEnd(text, at))
    else if (character === '#') add('c', at, lineEnd(text, at))
    else if (character === '/' && next === '*') {
      // `/*!50000union*/` is code to MySQL.
      if (text[at + 2] === '!') {
        let end = at + 3
        while (/\d/.test(text[end] ?? '')) end += 1
        add('!', at, end)
        continue
      }
      const end = text.indexOf('*/', at + 2)
      if (end < 0) add('c', at, text.length)
      else {
        comments += 1
        at = end + 2
      }
    } else if (character === '*' && next === '/') at += 2
    else if (character === '|' && next === '|') add('l', at, at + 2)
    else if (character === '&' && next === '&') add('l', at, at + 2)
    else if (character === '@') {
      let end = at + 1
      while (/[\w@$.]/.test(text[end] ?? '')) end += 1
      add('v', at, end)
    } else if (character === ':' && next === ':') add(':', at, at + 2)
    else if ('=<>!~'.includes(character)) {
      let end = at + 1
      while (end < text.length && end - at < 3 && '=<>!~@'.includes(text[end]!)) end += 1
      add(character === '!' && end === at + 1 ? 'x' : 'o', at, end)
    } else if ('+-*/%^|&'.includes(character)) add('a', at, at + 1)
    else if ('(),;'.includes(character)) add(character, at, at + 1)
    else if (character === '`' || character === '[') {
      const end = text.indexOf(character === '`' ? '`' : ']', at + 1)
      if (end > 0 && end - at < 66 && /^[\w $.-]+$/.test(text.slice(at + 1, end))) add('w', at, end + 1)
      else add('x', at, at + 1)
    } else add('x', at, at + 1)
  }
  return { kinds, texts, starts, ends, open, comments }
}

function kindOfWord(word: string, text: string, end: number): string {
  if (word === 'union' || word === 'intersect' || word === 'minus') return word === 'union' ? 'U' : 't'
  if (word === 'select' || (word.startsWith('select') && word.length < 16 && text[end] === '(')) return 'E'
  if (logical.has(word)) return word === 'not' ? 'w' : 'l'
  if (comparisons.has(word)) return 'o'
  if (word === 'div' || word === 'mod') return 'a'
  if (constants.has(word)) return 'n'
  let after = end
  while (text[after] === ' ') after += 1
  if (text[after] === '(') {
    const last = word.slice(word.lastIndexOf('.') + 1)
    // Databases want no space there, and prose has one: `size and version (see below)`.
    if (after > end && prosaicFunctions.test(last)) return 'f'
    if (attackFunctions.test(last) || /^(?:utl|dbms|ctxsys|master|sys)\w*\./.test(word)) return 'F'
    return parts.has(word) || statements.has(word) || clauses.has(word) ? wordOf(word) : 'f'
  }
  return wordOf(word)
}

function wordOf(word: string): string {
  if (statements.has(word)) return 'D'
  if (clauses.has(word)) return 'B'
  return parts.has(word) ? 't' : 'w'
}

function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code > 127
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || (code >= 48 && code <= 57) || code === 46 || code === 36
}

function numberEnd(text: string, at: number): number {
  const found = numbers.exec(((numbers.lastIndex = at), text))
  return found ? at + found[0].length : at + 1
}
const numbers = /0x[0-9a-f]+|\d+(?:\.\d*)?(?:e[+-]?\d+)?/iy

function stringEnd(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1
      at += 1
    }
  }
  return -1
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at)
  return end < 0 ? text.length : end
}
