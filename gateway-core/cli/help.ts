import { type Command, commonOptions, type OptionSpec } from './command.ts'
import type { Paint } from './io.ts'

/** Help of one command: usage, what it does, options, examples. */
export function commandHelp(command: Command, paint: Paint): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).filter(([, spec]) => !hidden(spec))
  const heads = options.map(([name, spec]) => optionHead(name, spec))
  const width = Math.max(...heads.map((head) => head.length))
  return [
    `${paint('bold', 'Usage')}  gatehouse ${command.usage}`,
    '',
    command.about,
    '',
    paint('bold', 'Options'),
    ...options.map(([, spec], at) => `  ${heads[at]!.padEnd(width)}  ${spec.help}`),
    '',
    paint('bold', 'Examples'),
    ...command.examples.flatMap(([line, what]) => [`  gatehouse ${line}`, `      ${paint('dim', what)}`]),
    '',
    paint('bold', '--json prints'),
    ...command.json.split('\n').map((line) => `  ${line}`),
  ].join('\n')
}

/** Help of the whole program. */
export function programHelp(commands: readonly { name: string; summary: string }[], paint: Paint): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    `${paint('bold', 'gatehouse')}: run an API gateway on your machine, and see each policy decide and why.`,
    '',
    `${paint('bold', 'Usage')}  gatehouse <command> [workspace] [options]`,
    '',
    ...commands.map(({ name, summary }) => `  ${paint('bold', name.padEnd(width))}  ${summary}`),
    '',
    'A workspace is a folder with a gatehouse.yaml; without one the current folder is meant.',
    'Every command takes --json and --help. Exit codes: 0 fine, 1 found something, 2 could not run.',
    '',
    paint('bold', 'Begin with'),
    '  gatehouse serve --upstream http://localhost:3000',
    `      ${paint('dim', 'no workspace yet: put the gateway in front of a server and watch what passes')}`,
    '  gatehouse serve samples/bookshop --services',
    `      ${paint('dim', 'the sample, with the services that stand behind it')}`,
    '  gatehouse check samples/bookshop',
    `      ${paint('dim', 'every problem of a workspace, with file, line and what to write')}`,
  ].join('\n')
}

function optionHead(name: string, spec: OptionSpec): string {
  const short = spec.short ? `-${spec.short}, ` : ''
  return `${short}--${name}${spec.type === 'string' ? (spec.alone ? ` [${spec.value}]` : ` <${spec.value ?? 'value'}>`) : ''}`
}

function hidden(spec: OptionSpec): boolean {
  return spec.hidden === true
}
