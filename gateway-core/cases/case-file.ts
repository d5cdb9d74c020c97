import { type HarEntry } from '../capture/har-entry.ts'
import { HarEntryError, recordOfHar } from '../capture/har-record.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { StateOperation } from '../pipeline/state.ts'
import type { MessageAsStored } from '../rejudge/recorded-message.ts'
import { type CaseMessage, readMessages } from './case-messages.ts'
import { unsoundPart } from './sound-record.ts'

/** Version of the format. */
export const caseFormat = 1
/** A case is one exchange and a few files: what is larger is something else. */
export const caseLimit = 32 * 1024 * 1024
const mostFiles = 1000

/** An operation on state with its answer: what a step of the exchange read. */
export interface StateRead {
  stateId: string
  operation: StateOperation
  answer: unknown
}

/** One recorded exchange with all that judging it takes, as it leaves the house: no secret is in it. */
export interface CaseFile {
  gatehouseCase: typeof caseFormat
  /** Version of the engine that recorded it. */
  engine: string
  workspace: string
  environment: string | null
  revision: string
  /** Texts of the revision, by path; secrets are references. */
  files: Readonly<Record<string, string>>
  /** Tag of each secret that the files refer to, by its name. */
  secrets: Readonly<Record<string, string>>
  /** In the order in which the steps asked. */
  state: readonly StateRead[]
  exchange: HarEntry
  /** Messages of a WebSocket or an event stream, where it has some. */
  messages?: readonly CaseMessage[]
}

/** A case as it was read. */
export interface ReadCase extends Omit<CaseFile, 'exchange' | 'messages'> {
  record: ExchangeRecord
  messages: readonly MessageAsStored[]
}

/** Why a file is no case that can be opened, and what to do. */
export class CaseError extends Error {
  override name = 'CaseError'
  readonly suggestion: string | undefined
  constructor(message: string, suggestion?: string) {
    super(message)
    this.suggestion = suggestion
  }
}

/** Reads a case that somebody sent. Nothing in it is believed: what does not fit throws a CaseError that says why. */
export function readCase(text: string): ReadCase {
  if (text.length > caseLimit) throw new CaseError('the file is larger than 32 MB', 'a case holds one exchange')
  const root = objectOf(parse(text), 'the file')
  const format = root['gatehouseCase']
  if (format === undefined) throw new CaseError('this is no case', 'export one with: gatehouse case export')
  if (format !== caseFormat) {
    const newer = typeof format === 'number' && format > caseFormat
    const todo = newer ? 'open it with a newer version of this program' : 'export it again'
    throw new CaseError(
      `the case has format ${JSON.stringify(format)?.slice(0, 20)}; format ${caseFormat} is understood`,
      todo,
    )
  }
  const files = filesOf(root['files'])
  const environment = root['environment'] ?? null
  if (environment !== null && (typeof environment !== 'string' || !/^[\w.-]{1,100}$/.test(environment))) {
    throw new CaseError('its environment is no name')
  }
  return {
    gatehouseCase: caseFormat,
    engine: textOf(root['engine'], 'engine'),
    workspace: textOf(root['workspace'], 'workspace'),
    environment,
    revision: textOf(root['revision'], 'revision'),
    files,
    secrets: textsOf(root['secrets'] ?? {}, 'secrets'),
    state: stateOf(root['state'] ?? []),
    record: recordOf(root['exchange']),
    messages: messagesIn(root['messages'] ?? []),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CaseError('the file is not JSON, or it was cut off', 'ask for it again')
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new CaseError(`${what} is no JSON object`)
}

function textOf(value: unknown, what: string): string {
  if (typeof value === 'string' && value.length <= 300) return value
  throw new CaseError(`its ${what} is missing or no text`)
}

function textsOf(value: unknown, what: string): Record<string, string> {
  const texts: [string, string][] = []
  for (const [name, text] of Object.entries(objectOf(value, `its ${what}`))) {
    if (typeof text !== 'string')
      throw new CaseError(`its ${what} hold something that is no text: ${name.slice(0, 60)}`)
    texts.push([name, text])
  }
  return Object.fromEntries(texts)
}

/** Paths lead nowhere but into the case: they are names in it, and never looked up on a disk. */
function filesOf(value: unknown): Record<string, string> {
  const files = textsOf(value, 'files')
  const paths = Object.keys(files)
  if (paths.length > mostFiles) throw new CaseError(`it holds ${paths.length} files; ${mostFiles} are the most`)
  const odd = paths.find((path) => {
    const parts = path.split('/')
    return (
      path.length > 300 || parts.some((part) => part === '' || part === '.' || part === '..' || /[\0\\:]/.test(part))
    )
  })
  if (odd !== undefined)
    throw new CaseError(`it holds a file with the name ${JSON.stringify(odd.slice(0, 80))}`, 'do not trust it')
  if (files['gatehouse.yaml'] === undefined) throw new CaseError('it holds no gatehouse.yaml', 'export it again')
  return files
}

function stateOf(value: unknown): StateRead[] {
  if (!Array.isArray(value) || value.length > 10_000) throw new CaseError('its state is no list that fits')
  return value.map((one) => {
    const { stateId, operation, answer } = objectOf(one, 'an entry of its state')
    if (typeof stateId !== 'string') throw new CaseError('an entry of its state names no policy')
    return { stateId, operation: objectOf(operation, 'an operation of its state') as unknown as StateOperation, answer }
  })
}

function messagesIn(value: unknown): MessageAsStored[] {
  const messages = readMessages(value)
  if (!messages) throw new CaseError('its messages are malformed', 'export it again')
  return messages
}

function recordOf(entry: unknown): ExchangeRecord {
  const own = objectOf(objectOf(entry, 'its exchange')['_gatehouse'], 'what its exchange says besides HAR')
  const given = objectOf((entry as Record<string, unknown>)['request'], 'the request of its exchange')
  // A request whose address was refused has none that HAR could hold; what it was stands beside it.
  const request = URL.canParse(String(given['url'])) ? given : { ...given, url: 'http://localhost/' }
  try {
    const record = recordOfHar(
      { ...(entry as object), request, _gatehouse: own },
      { bodyBytes: caseLimit, now: 0, newId: () => 'case' },
    )
    if (record.revision === 'har') throw new CaseError('its exchange does not say how it was judged', 'export it again')
    return checked(record)
  } catch (error) {
    if (error instanceof HarEntryError) throw new CaseError(`its exchange cannot be read: ${error.message}`)
    throw error
  }
}

function checked(record: ExchangeRecord): ExchangeRecord {
  const wrong = unsoundPart(record)
  if (wrong !== undefined) throw new CaseError(`${wrong} is malformed`, 'export it again')
  return record
}
