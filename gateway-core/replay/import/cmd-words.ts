import type { ShellCommand } from './shell-words.ts'

/** Whether a text is written for the Windows command prompt, as browsers copy it: carets escape, and go on to the next line. */
export function isForCmd(text: string): boolean {
  const first = /^\s*curl(?:\.exe)?\s.*/m.exec(text)?.[0]
  return first !== undefined && (/^\s*curl(?:\.exe)?\s+(?:-\S+\s+)*\^"/.test(first) || /\^[ \t]*\r?$/.test(first))
}

/**
 * The commands of a text of the Windows command prompt. Two readers take it apart, one after the other: the prompt, for
 * which a caret takes the next character as it is, and the program's own, for which quotes and backslashes count.
 */
export function cmdCommands(text: string): ShellCommand[] {
  const commands: ShellCommand[] = []
  for (const { text: command, line } of promptLines(text)) {
    const words = wordsOf(command)
    if (words.length > 0) commands.push({ line, words })
  }
  return commands
}

/** What the prompt hands on: carets undone, `&` and line breaks outside of quotes end a command. */
function promptLines(text: string): { text: string; line: number }[] {
  const commands: { text: string; line: number }[] = []
  let [current, quoted, line, begun] = ['', false, 1, 1]
  const finish = () => {
    if (current.trim() !== '') commands.push({ text: current, line: begun })
    current = ''
    quoted = false
  }
  const plain = text.replaceAll('\r\n', '\n')
  for (let at = 0; at < plain.length; at++) {
    const character = plain[at]!
    if (current.trim() === '') begun = line
    if (character === '\n') line++
    if (character === '^' && !quoted) {
      const next = plain[++at]
      if (next !== '\n') current += next ?? ''
      else {
        // The command goes on, and what is behind is taken as it is: a second line break is how one is written.
        const following = plain[++at] ?? ''
        line += following === '\n' ? 2 : 1
        current += following
      }
    } else if (character === '\n' || (character === '&' && !quoted)) finish()
    else {
      if (character === '"') quoted = !quoted
      current += character
    }
  }
  finish()
  return commands
}

/** Words as a C program sees them: spaces part them, `""` inside of quotes and `\"` are a quote. */
function wordsOf(command: string): string[] {
  const words: string[] = []
  // Browsers double each backslash, though only one before a quote means anything there: what they copied is undone.
  const runs = command.match(/\\+(?!["\\])/g) ?? []
  const doubled = runs.every(({ length }) => length % 2 === 0)
  let [word, begun, quoted] = ['', false, false]
  for (let at = 0; at < command.length; at++) {
    const character = command[at]!
    if (character === '\\') {
      const run = /^\\+/.exec(command.slice(at))![0].length
      const beforeQuote = command[at + run] === '"'
      word += '\\'.repeat(beforeQuote || doubled ? run >> 1 : run)
      begun = true
      at += run - 1
      if (beforeQuote && run % 2 === 1) {
        word += '"'
        at++
      }
    } else if (character === '"') {
      begun = true
      if (quoted && command[at + 1] === '"') {
        word += '"'
        at++
      } else quoted = !quoted
    } else if (!quoted && (character === ' ' || character === '\t')) {
      if (begun) words.push(word)
      word = ''
      begun = false
    } else {
      word += character
      begun = true
    }
  }
  if (begun) words.push(word)
  return words
}
