import { parseArgs } from 'node:util'
import { closest } from '../config/closest.ts'
import { CannotRun, type Command, commonOptions, type OptionSpec } from './command.ts'
import { visible } from '../visible.ts'

export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>
  readonly words: readonly string[]
  /** What stands behind `--`, for commands that take it. */
  readonly rest: readonly string[]
}

/** Reads what follows the command's name. Throws CannotRun, with what was probably meant, for anything it does not know. */
export function parseArguments(command: Command, given: readonly string[]): Parsed {
  const options: Readonly<Record<string, OptionSpec>> = { ...command.options, ...commonOptions }
  const end = command.rest ? given.indexOf('--') : -1
  const rest = end < 0 ? [] : given.slice(end + 1)
  const words = withValues(options, end < 0 ? given : given.slice(0, end))
  const specs = Object.fromEntries(
    Object.entries(options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  )
  const { values, positionals, tokens } = parseArgs({
    args: [...words],
    options: specs,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (!spec) throw unknownOption(token.rawName, Object.keys(options))
    if (spec.type === 'string' && token.value === undefined) {
      throw new CannotRun(`${token.rawName} needs a value`, `write ${token.rawName} <${spec.value ?? 'value'}>`)
    }
    // `-d -x` is a forgotten value far more often than a value that begins with a dash.
    if (spec.type === 'string' && !token.inlineValue && /^-./.test(token.value!)) {
      throw new CannotRun(
        `${token.rawName} needs a value, and ${visible(token.value!, 40)} looks like an option`,
        `write ${token.rawName}=${visible(token.value!, 40)} if it is meant as the value`,
      )
    }
    if (spec.type === 'boolean' && token.value !== undefined) {
      throw new CannotRun(`${token.rawName} takes no value`, `write ${token.rawName}`)
    }
  }
  if (positionals.length > command.words) {
    const extra = visible(positionals[command.words]!, 60)
    throw new CannotRun(`"${extra}" is one word too many`, `usage: gatehouse ${command.usage}`)
  }
  return { values, words: positionals, rest }
}

/** Options that may stand alone get their value where the next word is none. */
function withValues(options: Readonly<Record<string, OptionSpec>>, words: readonly string[]): string[] {
  return words.map((word, at) => {
    const { alone } = (Object.hasOwn(options, word.slice(2)) && options[word.slice(2)]) || {}
    if (!alone || !word.startsWith('--') || alone.looks.test(words[at + 1] ?? '')) return word
    return `${word}=${alone.value}`
  })
}

function unknownOption(written: string, names: readonly string[]): CannotRun {
  const meant = closest(written.replace(/^-+/, ''), names)
  const suggestion = meant ? `did you mean --${meant}?` : `there are: ${names.map((name) => `--${name}`).join(', ')}`
  return new CannotRun(`there is no option ${visible(written, 60)}`, suggestion)
}

/** Reads a whole number of an option. Throws CannotRun outside `[least, most]`. */
export function numberOption(name: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new CannotRun(`--${name} ${visible(text, 40)} is not a number that fits`, `write one from ${least} to ${most}`)
}
