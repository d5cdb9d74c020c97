import { RE2JS } from 're2js'
import { closest } from '../config/closest.ts'
import { bareWordFields, fieldGroups, fieldNames, fieldOf, type FilterField, findField, parseNumber } from './fields.ts'
import { type Filter, FilterError, foldCase, type ValueTest } from './syntax.ts'

/**
 * Reads a query:
 *
 * ```
 * query   = [ or ]
 * or      = and { "or" and }
 * and     = unary { [ "and" ] unary }
 * unary   = ( "not" | "!" ) unary | "(" or ")" | test | word
 * test    = field ( ":" | "=" | "!=" | "~" | "!~" | ">" | ">=" | "<" | "<=" ) value { "," value }
 * ```
 *
 * `:` searches texts, compares words (with `*`), takes lists and ranges (`400-499`); `=` is to the letter; `~` is an
 * RE2 expression. A bare word is looked for in URL, headers and bodies. `now` (ms since the epoch) is what times like
 * `-5m` count from. Throws a FilterError that points at the character.
 */
export function parseFilter(query: string, now: number = Date.now()): Filter {
  return new Parser(query, now).parse()
}

type Operator = ':' | '=' | '!=' | '~' | '!~' | '>' | '>=' | '<' | '<='

const operatorPattern = /(?:!=|!~|>=|<=|[:=~<>])/y
const namePattern = /[A-Za-z][\w.-]*/y
const keywordPattern = /(?:and|or|not)(?=[\s()]|$)/iy
const numberHelp: Readonly<Record<string, string>> = {
  number: 'a number',
  status: 'a status like 403, 4xx or 400-499',
  duration: 'a duration like 100ms, 1.5s or 250us',
  size: 'a size like 512, 10kb or 1.5mb',
  time: 'a date like 2025-01-31, 2025-01-31T12:00:00Z, or a time ago like -5m',
}
const maxDepth = 100

class Parser {
  readonly #query: string
  readonly #now: number
  #at = 0
  #depth = 0

  constructor(query: string, now: number) {
    this.#query = query
    this.#now = now
  }

  parse(): Filter {
    this.#skipSpace()
    if (this.#atEnd()) return { kind: 'all', parts: [] }
    const filter = this.#or()
    if (!this.#atEnd())
      throw new FilterError('this parenthesis closes nothing', this.#at, 'remove it, or quote it: ")"')
    return filter
  }

  #or(): Filter {
    const parts = [this.#and()]
    while (this.#keyword('or')) parts.push(this.#and())
    return parts.length === 1 ? parts[0]! : { kind: 'any', parts }
  }

  #and(): Filter {
    const parts = [this.#unary()]
    for (;;) {
      this.#skipSpace()
      if (this.#atEnd() || this.#query[this.#at] === ')' || this.#peekKeyword() === 'or') break
      this.#keyword('and')
      parts.push(this.#unary())
    }
    return parts.length === 1 ? parts[0]! : { kind: 'all', parts }
  }

  #unary(): Filter {
    this.#skipSpace()
    if (++this.#depth > maxDepth) throw new FilterError(`more than ${maxDepth} levels of parentheses`, this.#at)
    try {
      if (this.#keyword('not')) return { kind: 'not', part: this.#unary() }
      const char = this.#query[this.#at]
      if (char === '!' || (char === '-' && /[\w"(]/.test(this.#query[this.#at + 1] ?? ''))) {
        this.#at++
        return { kind: 'not', part: this.#unary() }
      }
      if (char === '(') return this.#group()
      return this.#term()
    } finally {
      this.#depth--
    }
  }

  #group(): Filter {
    const opened = this.#at++
    const filter = this.#or()
    this.#skipSpace()
    if (this.#query[this.#at] !== ')') {
      throw new FilterError('this parenthesis is never closed', opened, 'add ) at the end')
    }
    this.#at++
    return filter
  }

  #term(): Filter {
    if (this.#atEnd()) throw new FilterError('the query ends where a field or a word should be', this.#at)
    const start = this.#at
    const char = this.#query[start]!
    const keyword = this.#peekKeyword()
    if (char === ')' || keyword !== undefined) {
      const what = keyword ?? char
      throw new FilterError(
        `a field or a word should be here, not ${what}`,
        start,
        `quote it to look for it: "${what}"`,
      )
    }
    if (char === '~') {
      this.#at++
      return anyOf(bareWordFields, this.#regex())
    }
    const name = char === '"' || char === "'" ? undefined : this.#match(namePattern)
    if (name !== undefined) {
      const operator = this.#match(operatorPattern) as Operator | undefined
      if (operator !== undefined) return this.#test(name, operator, start)
      this.#at = start
    }
    const { text } = this.#value(false)
    if (text === '') throw new FilterError('an empty word matches everything', start, 'write what to look for')
    return anyOf(bareWordFields, { op: 'contains', text: foldCase(text) })
  }

  #test(name: string, operator: Operator, start: number): Filter {
    const fields = this.#fieldsOf(name, operator, start)
    const negated = operator === '!=' || operator === '!~'
    const tests = fields.map(({ field, header }): Filter => {
      const from = this.#at
      const values = this.#valuesFor(field, name, operator)
      if (fields.length > 1) this.#at = from
      const parts = values.map((test): Filter => ({ kind: 'test', field, header, test }))
      return parts.length === 1 ? parts[0]! : { kind: 'any', parts }
    })
    if (fields.length > 1) this.#valuesFor(fields[0]!.field, name, operator)
    const filter: Filter = tests.length === 1 ? tests[0]! : { kind: 'any', parts: tests }
    return negated ? { kind: 'not', part: filter } : filter
  }

  #fieldsOf(name: string, operator: Operator, start: number): { field: FilterField; header?: string }[] {
    const group = fieldGroups[name.toLowerCase()]
    if (group) return group.fields.map((each) => ({ field: fieldOf(each) }))
    const found = findField(name)
    if (found) return [found]
    if (/^res(?:p|ponse)?\.header\.?$|^req(?:uest)?\.header\.?$/i.test(name)) {
      throw new FilterError(
        'a header name is missing',
        start + name.length,
        'write it after the dot: req.header.accept',
      )
    }
    const close = closest(name.toLowerCase(), fieldNames)
    const word = `"${name}${operator}…"`
    throw new FilterError(
      `there is no field ${name}`,
      start,
      close === undefined ? `to look for the text itself, quote it: ${word}` : `did you mean ${close}${operator}…?`,
    )
  }

  #valuesFor(field: FilterField, name: string, operator: Operator): ValueTest[] {
    if (operator === '~' || operator === '!~') {
      if (field.type !== 'word' && field.type !== 'text') {
        const at = this.#at - operator.length
        throw new FilterError(`${name} is a number and has no text to match`, at, `write ${field.example}`)
      }
      return [this.#regex()]
    }
    const ordered = operator !== ':' && operator !== '=' && operator !== '!='
    const tests: ValueTest[] = []
    for (;;) {
      const start = this.#at
      const { text, quoted } = this.#value(!ordered)
      if (text === '' && !quoted) {
        throw new FilterError(`a value should follow ${name}${operator}`, start, `write for example ${field.example}`)
      }
      tests.push(this.#valueTest(field, operator, text, quoted, start))
      if (ordered || this.#query[this.#at] !== ',') return tests
      this.#at++
    }
  }

  #valueTest(field: FilterField, operator: Operator, text: string, quoted: boolean, at: number): ValueTest {
    const { type } = field
    if (type !== 'word' && type !== 'text') return this.#numberTest(field, operator, text, at)
    if (operator === '<' || operator === '>' || operator === '<=' || operator === '>=') {
      throw new FilterError(`${field.name} is no number and cannot be compared with ${operator}`, at, field.example)
    }
    if (operator === ':' && text === '*' && !quoted) return { op: 'exists' }
    if (type === 'text') {
      return operator === ':' ? { op: 'contains', text: foldCase(text) } : { op: 'exactly', text }
    }
    if (operator === ':' && !quoted && text.includes('*')) return { op: 'glob', pieces: foldCase(text).split('*') }
    return { op: 'is', text: foldCase(text) }
  }

  #numberTest(field: FilterField, operator: Operator, text: string, at: number): ValueTest {
    const { type } = field
    const bad = () => new FilterError(`${text} is not ${numberHelp[type]!}`, at, `write for example ${field.example}`)
    const read = (value: string) => {
      const number = parseNumber(type, value, this.#now)
      if (number === undefined) throw bad()
      return number
    }
    if (operator === '>') return { op: 'above', value: read(text) }
    if (operator === '<') return { op: 'below', value: read(text) }
    if (operator === '>=') return { op: 'within', from: read(text), to: Infinity }
    if (operator === '<=') return { op: 'within', from: -Infinity, to: read(text) }
    const hundred = type === 'status' ? /^([1-5])xx$/i.exec(text) : null
    if (hundred) return { op: 'within', from: Number(hundred[1]) * 100, to: Number(hundred[1]) * 100 + 99 }
    if (type === 'time') {
      const from = read(text)
      return { op: 'within', from, to: /^\d{4}-\d\d-\d\d$/.test(text) ? from + 86_399_999 : from }
    }
    const range = /^([^-]+)-([^-]+)$/.exec(text)
    if (!range) return { op: 'within', from: read(text), to: read(text) }
    const [from, to] = [read(range[1]!), read(range[2]!)]
    if (from > to) throw new FilterError(`the range ${text} is empty`, at, `write ${range[2]!}-${range[1]!}`)
    return { op: 'within', from, to }
  }

  #regex(): ValueTest {
    const start = this.#at
    const { text: source, quoted } = this.#regexText()
    if (source === '')
      throw new FilterError('a regular expression should follow ~', start, 'write for example path~^/books')
    try {
      return { op: 'matches', regex: RE2JS.compile(source), source }
    } catch (error) {
      const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : String(error)
      const hint = /\(\?[=!<]|\\[1-9]/.test(source) ? 'RE2 has no look-around and no back references' : undefined
      throw new FilterError(`the regular expression does not compile: ${reason}`, start + (quoted ? 1 : 0), hint)
    }
  }

  /**
   * An expression reaches to the next space outside of its own parentheses and brackets, or stands in quotes. A space
   * behind a backslash is one of the expression; RE2 itself knows no such escape.
   */
  #regexText(): { text: string; quoted: boolean } {
    const first = this.#query[this.#at]
    if (first === '"' || first === "'") return this.#quoted(first, true)
    let text = ''
    let open = 0
    let bracket = false
    for (; this.#at < this.#query.length; this.#at++) {
      const char = this.#query[this.#at]!
      if (char === '\\') {
        const next = this.#query[++this.#at] ?? ''
        text += /\s/.test(next) ? next : char + next
        continue
      }
      if (bracket) bracket = char !== ']'
      else if (char === '[') bracket = true
      else if (char === '(') open++
      else if (char === ')' && open-- === 0) break
      else if (/\s/.test(char)) break
      text += char
    }
    this.#at = Math.min(this.#at, this.#query.length)
    return { text, quoted: false }
  }

  /** A value reaches to the next space or closing parenthesis; in a list also to the next comma. */
  #value(list: boolean): { text: string; quoted: boolean } {
    const first = this.#query[this.#at]
    if (first === '"' || first === "'") return this.#quoted(first, false)
    const start = this.#at
    while (this.#at < this.#query.length && !/[\s()]/.test(this.#query[this.#at]!)) {
      if (list && this.#query[this.#at] === ',') break
      this.#at++
    }
    return { text: this.#query.slice(start, this.#at), quoted: false }
  }

  /** In quotes, a backslash stands before a quote or a backslash; elsewhere, and in expressions, it is itself. */
  #quoted(quote: string, expression: boolean): { text: string; quoted: boolean } {
    const opened = this.#at++
    let text = ''
    for (; this.#at < this.#query.length; this.#at++) {
      const char = this.#query[this.#at]!
      if (char === quote) {
        this.#at++
        return { text, quoted: true }
      }
      const next = this.#query[this.#at + 1]
      if (char === '\\' && (next === quote || next === '\\')) {
        text += expression && next === '\\' ? '\\\\' : next
        this.#at++
      } else text += char
    }
    throw new FilterError('this quote is never closed', opened, `add ${quote} at the end`)
  }

  #keyword(word: 'and' | 'or' | 'not'): boolean {
    this.#skipSpace()
    if (this.#peekKeyword() !== word) return false
    this.#at += word.length
    this.#skipSpace()
    return true
  }

  #peekKeyword(): string | undefined {
    keywordPattern.lastIndex = this.#at
    return keywordPattern.exec(this.#query)?.[0].toLowerCase()
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#query)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #skipSpace(): void {
    while (/\s/.test(this.#query[this.#at] ?? '')) this.#at++
  }

  #atEnd(): boolean {
    return this.#at >= this.#query.length
  }
}

function anyOf(names: readonly string[], test: ValueTest): Filter {
  return { kind: 'any', parts: names.map((name) => ({ kind: 'test', field: fieldOf(name), header: undefined, test })) }
}
