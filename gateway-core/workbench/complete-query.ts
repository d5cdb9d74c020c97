import type { Workspace } from '../config/workspace.ts'
import { denials } from '../errors.ts'
import { fieldGroups, filterFields, findField } from '../filter/fields.ts'
import type { Completion } from '../protocol/types.ts'
import { policies } from '../policies/index.ts'
import { possibleOutcomes } from '../rejudge/coverage.ts'
import { instancesOf } from './policy-counters.ts'

const most = 50

/** What could stand at a place of a query: names of fields, and after a field its values. */
export function completeQuery(text: string, at: number, workspace: Workspace | undefined): Completion[] {
  const cursor = Math.min(at, text.length)
  if (insideQuotes(text.slice(0, cursor))) return []
  const from = startOfWord(text, cursor)
  const word = text.slice(from, cursor)
  const test = /^([A-Za-z][\w.-]*?)(!=|!~|>=|<=|[:=~<>])(.*)$/.exec(word)
  const to = endOfWord(text, cursor)
  if (!test) return names(word, from, to)
  const [, name, operator, list] = test
  const value = list!.slice(list!.lastIndexOf(',') + 1)
  const field = findField(name!)?.field
  if (!field || operator!.includes('~')) return []
  const start = cursor - value.length
  const end = start + /^[^\s(),]*/.exec(text.slice(start))![0].length
  return matching(valuesOf(field.name, workspace), value).map(([found, help]) => {
    const completion: Completion = { text: quoted(found), from: start, to: end, kind: 'value' }
    return help === undefined ? completion : { ...completion, help }
  })
}

function names(word: string, from: number, to: number): Completion[] {
  const groups = Object.entries(fieldGroups).map(([name, { help, example }]) => ({ name, help, example, type: 'text' }))
  const fields = [...filterFields, ...groups].map((field): [string, string] => [
    // A header field goes on with the name of the header.
    field.name.endsWith('.') ? field.name : `${field.name}${operatorOf(field.type)}`,
    `${field.help} Example: ${field.example}`,
  ])
  const found = matching(fields, word).map(
    ([text, help]): Completion => ({ text, from, to, kind: 'field', ...(help !== undefined && { help }) }),
  )
  const words = word === '' ? [] : matching([['and'], ['or'], ['not']], word)
  return [...found, ...words.map(([text]): Completion => ({ text, from, to, kind: 'operator' }))]
}

function operatorOf(type: string): string {
  return type === 'duration' || type === 'size' || type === 'time' ? '>' : ':'
}

type Value = readonly [text: string, help?: string]

/** Those that begin with what is written, then those that contain it. */
function matching(values: readonly Value[], written: string): Value[] {
  const wanted = written.toLowerCase()
  const begin = values.filter(([text]) => text.toLowerCase().startsWith(wanted))
  const inside = values.filter(([text]) => {
    const lower = text.toLowerCase()
    return wanted !== '' && !lower.startsWith(wanted) && lower.includes(wanted)
  })
  return [...begin, ...inside].slice(0, most)
}

function valuesOf(field: string, workspace: Workspace | undefined): Value[] {
  const fixed = fixedValues[field]
  if (fixed) return fixed
  switch (field) {
    case 'code':
      return Object.entries(denials).map(([code, { help }]) => [code, help])
    case 'policy':
    case 'denied':
    case 'would-deny': {
      const used = workspace ? instancesOf(workspace) : []
      const types = policies.map(({ type, docs }): Value => [type, docs.summary])
      const inUse = new Set(used.map(({ policy }) => policy.type))
      const own = used.filter(({ name, policy }) => name !== policy.type).map(({ name }): Value => [name])
      return distinct([
        ...types.filter(([type]) => inUse.has(type)),
        ...own,
        ...types,
        ...used.map(({ id }): Value => [id]),
      ])
    }
    case 'step':
      return distinct(
        (workspace ? instancesOf(workspace) : []).flatMap(({ name, policy, mode }) => stepsOf(name, policy.type, mode)),
      )
    case 'decided':
      return distinct((workspace ? instancesOf(workspace) : []).map(({ id }) => [id]))
    case 'route':
      return (workspace?.routes ?? []).map(({ id }) => [id])
    case 'api':
      return (workspace?.apis ?? []).map(({ name }) => [name])
    case 'upstream':
      return [...(workspace?.upstreams.keys() ?? [])].map((name) => [name])
    case 'consumer':
      return (workspace?.consumers ?? []).map(({ name }) => [name])
    case 'group':
      return distinct((workspace?.consumers ?? []).flatMap(({ groups }) => groups.map((group): Value => [group])))
    case 'revision':
      return workspace ? [[workspace.revision, 'the revision in force']] : []
    case 'env':
      return workspace?.environment === undefined ? [] : [[workspace.environment]]
    default:
      return []
  }
}

function stepsOf(name: string, type: string, mode: string): Value[] {
  const denied = mode === 'shadow' ? 'would-deny' : 'deny'
  return possibleOutcomes(type).map((outcome) => [`${name}=${/^[A-Z]/.test(outcome) ? `${denied}:` : ''}${outcome}`])
}

const fixedValues: Readonly<Record<string, Value[]>> = {
  status: [
    ['2xx', 'success'],
    ['3xx', 'redirection'],
    ['4xx', 'faults of the client, denials'],
    ['5xx', 'faults of server or gateway'],
    ['200'],
    ['401'],
    ['403'],
    ['404'],
    ['429'],
    ['502'],
    ['0', 'no response'],
  ],
  verdict: [
    ['pass', 'reached the upstream, and the client got the response'],
    ['deny', 'a policy denied it'],
    ['respond', 'a policy answered it'],
    ['refused', 'the gateway refused it before any policy'],
    ['failed', 'upstream or gateway failed'],
    ['aborted', 'the client left'],
    ['error', 'a policy failed by a bug'],
  ],
  method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((method): Value => [method]),
  scheme: [['http'], ['https']],
  version: [['1.0'], ['1.1'], ['2']],
  listener: [['http'], ['https'], ['proxy', 'by the forward proxy'], ['none', 'from a file']],
  state: [['open', 'a stream that goes on'], ['done']],
  upgrade: [['websocket']],
  from: [['upstream'], ['gateway']],
  duration: [['100ms'], ['1s'], ['5s']],
  time: [['-1m'], ['-5m'], ['-1h'], ['-1d']],
  size: [['1kb'], ['100kb'], ['1mb']],
  'req.size': [['1kb'], ['100kb'], ['1mb']],
}

function distinct(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [value[0], value])).values()]
}

function startOfWord(text: string, cursor: number): number {
  let from = cursor
  while (from > 0 && !/[\s()]/.test(text[from - 1]!)) from--
  return text[from] === '!' && text[from + 1] !== '=' && text[from + 1] !== '~' ? from + 1 : from
}

function endOfWord(text: string, cursor: number): number {
  const rest = /^[\w.-]*(?:!=|!~|>=|<=|[:=~<>])?/.exec(text.slice(cursor))![0]
  return cursor + rest.length
}

function insideQuotes(text: string): boolean {
  let inside = false
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') inside = !inside
  }
  return inside
}

function quoted(value: string): string {
  return /[\s()",]/.test(value) ? `"${value.replaceAll(/["\\]/g, '\\$&')}"` : value
}
