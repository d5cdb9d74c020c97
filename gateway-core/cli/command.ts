import type { Io } from './io.ts'

export { CannotRun } from '../workbench/cannot-run.ts'

/** 0: fine. 1: something was found (problems, a denial, nothing matched). 2: it could not run. */
export type ExitCode = 0 | 1 | 2

/** One option as `node:util` parses it, with what help shows. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly multiple?: boolean
  /** How help names the value: `URL`, `n`. */
  readonly value?: string
  readonly help: string
  /** Value of a string option that may stand alone; a word behind it is its value only if it looks like one. */
  readonly alone?: { readonly value: string; readonly looks: RegExp }
  /** Not shown in help. */
  readonly hidden?: boolean
}

type OptionValue<O extends OptionSpec> = O['type'] extends 'boolean'
  ? boolean
  : O['multiple'] extends true
    ? string[]
    : string

/** Values of the options that were given; the others are undefined. */
export type OptionValues<O extends Readonly<Record<string, OptionSpec>>> = {
  readonly [K in keyof O]?: OptionValue<O[K]>
} & { readonly json?: boolean }

/** A command of the command line. Everything that help shows stands here, beside what it does. */
export interface Command<O extends Readonly<Record<string, OptionSpec>> = Readonly<Record<string, OptionSpec>>> {
  /** What follows `gatehouse`: `check [workspace]`. */
  readonly usage: string
  /** What it does and what its exit codes mean, for people. */
  readonly about: string
  readonly options: O
  /** Most words beside options. */
  readonly words: number
  /** It takes another command line behind `--`. */
  readonly rest?: true
  readonly examples: readonly (readonly [line: string, what: string])[]
  /** Shape of what `--json` prints. */
  readonly json: string
  /** Returns the exit code: one of ours, or that of the program that was run. */
  run(given: { options: OptionValues<O>; words: readonly string[]; rest: readonly string[]; io: Io }): Promise<number>
}

/** Declares a command; the options give the type of what `run` receives. */
export function defineCommand<const O extends Readonly<Record<string, OptionSpec>>>(command: Command<O>): Command {
  return command as unknown as Command
}

/** Every command takes these. */
export const commonOptions = {
  json: { type: 'boolean', help: 'Print one JSON value on stdout and nothing else there; messages go to stderr.' },
  help: { type: 'boolean', short: 'h', help: 'Explain this command.' },
} satisfies Readonly<Record<string, OptionSpec>>
