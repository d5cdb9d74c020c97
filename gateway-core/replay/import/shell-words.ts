import { parse, type ParseEntry } from 'shell-quote'
import type { ImportProblem } from '../../protocol/replay-reports.ts'

/** One command of a shell text: its words without quotes, and the line where it begins. */
export interface ShellCommand {
  line: number
  words: string[]
}

/**
 * The commands of a bash text. Quotes, escapes, `$'…'` and continued lines are undone; a variable becomes `{{NAME}}`.
 * What a shell would do besides (pipes, redirections, substitution) is named and not done.
 */
export function shellCommands(text: string, problems: ImportProblem[]): ShellCommand[] {
  const commands: ShellCommand[] = []
  for (const { text: command, line } of commandLines(text, problems)) {
    const { plain, held } = holdAnsiQuotes(command)
    if (/(?:^|[^\\'])(?:`|\$\()/.test(withoutSingleQuotes(plain))) {
      problems.push({ what: 'a command inside of the command is not run', line, todo: 'put in what it prints' })
    }
    const words: string[] = []
    for (const entry of entriesOf(plain, line, problems)) {
      if (typeof entry === 'string')
        words.push(entry.replaceAll(/\u{E000}(\d+)\u{E001}/gu, (_, at) => held[Number(at)]!))
      else if ('comment' in entry) break
      else if (entry.op === 'glob') words.push(entry.pattern)
      else {
        const todo = entry.op === '&' ? 'put the URL in quotes: & ends the command' : undefined
        problems.push({ what: `what follows "${entry.op}" is not taken`, line, ...(todo && { todo }) })
        break
      }
    }
    if (words.length > 0) commands.push({ line, words })
  }
  return commands
}

function entriesOf(command: string, line: number, problems: ImportProblem[]): ParseEntry[] {
  try {
    return parse(command, (name: string) => `{{${name}}}`)
  } catch (error) {
    problems.push({ what: `a shell would not take this: ${(error as Error).message}`, line, todo: 'mend the $ in it' })
    return []
  }
}

/** Commands as they stand: a line break inside of quotes or behind a backslash does not end one. */
function commandLines(text: string, problems: ImportProblem[]): { text: string; line: number }[] {
  const commands: { text: string; line: number }[] = []
  let [current, line, quote, begun] = ['', 1, '', 1]
  let quotedAt = 1
  const finish = () => {
    if (current.trim() !== '') commands.push({ text: current.trim(), line: begun })
    current = ''
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (current.trim() === '' && quote === '') begun = line
    if (character === '\n') line++
    if (quote === '' && character === '\\' && /^\r?\n/.test(text.slice(at + 1, at + 3))) {
      at += text[at + 1] === '\r' ? 2 : 1
      line++
      current += ' '
    } else if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      if (text[at + 1] === '\n') line++
      current += character + text[++at]!
    } else if (quote === '' && (character === '\n' || character === ';')) finish()
    else {
      if (quote === '' && (character === "'" || character === '"')) {
        quote = character === "'" && /(?:^|[^\\])\$$/.test(current) ? "$'" : character
        quotedAt = line
      } else if ((quote === "$'" ? "'" : quote) === character) quote = ''
      current += character
    }
  }
  if (quote !== '') {
    problems.push({ what: `the quote ${quote} is not closed`, line: quotedAt, todo: 'copy the whole command' })
    return commands
  }
  finish()
  return commands
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  v: '\v',
  0: '\0',
}

/** `$'…'` with its escapes undone, held apart: shell-quote does not know it. */
function holdAnsiQuotes(command: string): { plain: string; held: string[] } {
  const held: string[] = []
  const plain = command.replaceAll(
    /\\[^]|'[^']*'|"(?:\\[^]|[^"\\])*"|\$'((?:\\[^]|[^'\\])*)'/g,
    (whole, inner?: string) => {
      if (inner === undefined || !whole.startsWith('$')) return whole
      held.push(
        inner.replaceAll(
          /\\(?:x([0-9a-f]{1,2})|u([0-9a-f]{1,4})|U([0-9a-f]{1,8})|([0-7]{1,3})|([^]))/gi,
          (_, hex?: string, short?: string, long?: string, octal?: string, other?: string) => {
            const code = hex ?? short ?? long
            if (code !== undefined) return String.fromCodePoint(Math.min(Number.parseInt(code, 16), 0x10ffff))
            if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8))
            return escapes[other!] ?? other!
          },
        ),
      )
      return `"\u{E000}${held.length - 1}\u{E001}"`
    },
  )
  return { plain, held }
}

function withoutSingleQuotes(command: string): string {
  return command.replaceAll(/\\[^]|'[^']*'/g, '')
}
