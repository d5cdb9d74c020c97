import type { Captures } from '../capture/store.ts'
import { closest } from '../config/closest.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { FilterError } from '../filter/syntax.ts'
import { numberOption } from './arguments.ts'
import { summaryLine } from './capture-line.ts'
import { capturesIn } from './captures.ts'
import { exchangeText, printedExchange } from './capture-show.ts'
import { CannotRun, defineCommand, type ExitCode } from './command.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, positionsIn, workspaceFolder } from './load.ts'
import { visible } from '../visible.ts'

const actions = ['list', 'show', 'export', 'import', 'stats'] as const

export const capture = defineCommand({
  usage: 'capture list|show|export|import|stats [workspace] [query | id | file.har]',
  about: `What the gateway of a workspace recorded.
  list [query]              newest first; the query language is that of every other place: status:403 policy:rbac path~^/books
  show <id>                 one exchange whole, with the decision trace
  export [query] --har f    HAR 1.2, with decisions and facts; - is stdout
  import file.har           takes in recorded traffic; - is stdin
  stats                     how much there is
Secrets stay sealed, in files always; show --secrets opens them while they are kept. Exit code 1 when nothing matched.`,
  options: {
    workspace: { type: 'string', short: 'w', value: 'folder', help: 'Folder of the workspace; else the current one.' },
    limit: { type: 'string', short: 'n', value: 'n', help: 'Most rows of list; 50 without it.' },
    order: { type: 'string', value: 'newest|oldest', help: 'Which come first.' },
    har: { type: 'string', value: 'file', help: 'Where export writes; - is stdout.' },
    secrets: { type: 'boolean', help: 'With show: credentials and masked values in clear, while they are kept.' },
  },
  words: 100,
  examples: [
    ['capture list samples/bookshop status:403', 'what was denied, newest first'],
    ["capture list -w samples/bookshop 'policy:rbac -n 5'", 'only what rbac decided'],
    ['capture show 01j9zk… -w samples/bookshop', 'one exchange with its trace'],
    ["capture export 'path~^/books' --har books.har", 'for other tools, or for decide'],
  ],
  json: `list: {exchanges: [{sequence, id, startedAt, durationMicros, method, host, url, status, verdict, code, decidedBy, …}]}
show: the exchange; bodies are {text} or {base64}, with length and truncated
export: {exported, file} (with --har - the HAR itself); import: {imported, skipped}; stats: {exchanges, oldest, newest, bytes, sealedValues}`,
  async run({ options, words, io }) {
    const [action, ...rest] = words
    if (!(actions as readonly (string | undefined)[]).includes(action)) throw unknownAction(action)
    const named = options.workspace === undefined && rest[0] !== undefined && isWorkspace(io, rest[0])
    const folder = workspaceFolder(io, options.workspace ?? (named ? rest.shift() : undefined))
    const subject = rest.join(' ')
    const key = await loadWorkspaceKey(folder, io.env, { create: false })
    const secrets = options.secrets ? 'open' : 'sealed'
    if (action === 'import')
      return (await import('./capture-har.ts')).importFile(io, folder, subject, options.json === true)
    const captures = capturesIn(io, folder, key)
    try {
      if (action === 'list') {
        const limit = options.limit === undefined ? 50 : numberOption('limit', options.limit, 1, 1_000_000)
        return list(io, captures, subject, { limit, order: orderOf(options.order), json: options.json === true })
      }
      if (action === 'show') return show(io, captures, folder, subject, { secrets, json: options.json === true })
      if (action === 'stats') return stats(io, captures, options.json === true)
      if (options.har === undefined)
        throw new CannotRun('export needs --har', 'write --har file.har, or --har - for stdout')
      const { exportFile } = await import('./capture-har.ts')
      return await exportFile(io, captures, subject, { file: options.har, json: options.json === true })
    } catch (error) {
      throw error instanceof FilterError ? queryProblem(error, subject) : error
    } finally {
      captures.close()
    }
  },
})

function list(
  io: Io,
  captures: Captures,
  query: string,
  { limit, order, json }: { limit: number; order: 'newest' | 'oldest'; json: boolean },
): ExitCode {
  const rows = captures.list({ query, limit, order })
  if (json) printJson(io, { exchanges: rows })
  else {
    for (const row of rows) io.print(summaryLine(row, io.paint))
    const all = rows.length < limit ? rows.length : captures.count(query)
    const more = all > rows.length ? `, ${all.toLocaleString('en')} match: --limit shows more` : ''
    io.tell(rows.length === 0 ? 'nothing matches' : `${rows.length} exchange${rows.length === 1 ? '' : 's'}${more}`)
  }
  return rows.length > 0 ? 0 : 1
}

function show(
  io: Io,
  captures: Captures,
  folder: string,
  id: string,
  { secrets, json }: { secrets: 'open' | 'sealed'; json: boolean },
): ExitCode {
  if (id === '')
    throw new CannotRun('show needs the id of an exchange', 'take it from capture list or from a problem’s instance')
  const exchange = captures.get(id.replace(/^urn:gatehouse:exchange:/, ''), { secrets })
  if (!exchange) {
    io.tell(`there is no exchange ${visible(id, 80)}`)
    return 1
  }
  const messages = captures.messages(exchange.id, { secrets })
  if (json) printJson(io, printedExchange(exchange, messages))
  else io.print(exchangeText(exchange, io.paint, positionsIn(io, folder), messages))
  return 0
}

function stats(io: Io, captures: Captures, json: boolean): ExitCode {
  const { exchanges, oldest, newest, bytes, sealedValues } = captures.stats()
  if (json) printJson(io, { exchanges, oldest: time(oldest), newest: time(newest), bytes, sealedValues })
  else {
    io.print(`exchanges      ${exchanges.toLocaleString('en')}`)
    io.print(`oldest         ${time(oldest) ?? '–'}`)
    io.print(`newest         ${time(newest) ?? '–'}`)
    io.print(`size           ${(bytes / 1e6).toFixed(1)} MB`)
    io.print(`sealed values  ${sealedValues.toLocaleString('en')}`)
  }
  return 0
}

function time(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString()
}

function orderOf(text: string | undefined): 'newest' | 'oldest' {
  if (text === undefined || text === 'newest' || text === 'oldest') return text ?? 'newest'
  throw new CannotRun(`--order ${visible(text, 40)}`, 'write newest or oldest')
}

/** The query with a caret under the character where it goes wrong. */
function queryProblem({ message, offset, suggestion }: FilterError, query: string): CannotRun {
  // Only the part before the caret counts for its place, and escapes change its width.
  const lead = visible(query.slice(0, offset), 10_000).length
  const caret = `\n  ${visible(query, 10_000)}\n  ${' '.repeat(lead)}^`
  return new CannotRun(`the query cannot be read: ${message}${suggestion ? ` — ${suggestion}` : ''}${caret}`)
}

function unknownAction(action: string | undefined): CannotRun {
  const meant = action === undefined ? undefined : closest(action, actions)
  const suggestion = meant ? `did you mean "${meant}"?` : `write one of ${actions.join(', ')}`
  return new CannotRun(
    action === undefined ? 'capture needs an action' : `there is no action "${visible(action, 40)}"`,
    suggestion,
  )
}
