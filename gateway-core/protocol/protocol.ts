import { call, callWith, type DataOf, event, type ParamsOf, type ResultOf } from './declare.ts'
import type {
  BodyPart,
  Completion,
  Counters,
  Definition,
  ExchangeDetail,
  FileNode,
  FileText,
  Insertion,
  JudgedUnder,
  PolicyType,
  Problem,
  Recent,
  Refusal,
  SavedQuery,
  SearchState,
  Snippet,
  TrafficRow,
  WorkbenchState,
  Written,
} from './types.ts'

const text = { type: 'string' } as const
const integer = { type: 'integer', minimum: 0 } as const
const side = { enum: ['request', 'forwarded', 'upstreamResponse', 'response'] } as const

/**
 * Every call that a screen can make of the core, declared once. Both transports carry exactly these; the server refuses
 * what is not here and what does not fit its parameters. A call fails with an `RpcError` that says what, where and what to do.
 */
export const calls = {
  // The workbench: which workspace, is the gateway running.
  'workbench.state': call<WorkbenchState>(),
  'workbench.recent': call<Recent[]>(),
  'workbench.open': callWith({ folder: text }).returns<WorkbenchState>(),
  'workbench.openSample': callWith({ name: { enum: ['bookshop', 'minimal'] } }).returns<WorkbenchState>(),
  /** Makes a workspace that observes a server: everything passes, everything is shown. */
  'workbench.observe': callWith({ url: text, folder: text }, ['folder']).returns<WorkbenchState>(),
  /** Makes a workspace from an OpenAPI document: one route per operation, validated. */
  'workbench.openApi': callWith({ document: text, upstream: text, folder: text }, ['folder']).returns<WorkbenchState>(),
  'workbench.environment': callWith({ name: text }).returns<WorkbenchState>(),
  'gateway.start': call<WorkbenchState>(),
  'gateway.stop': call<WorkbenchState>(),

  // Traffic. A search is kept by the core; the table asks for the rows it shows.
  'traffic.search': callWith({ query: text, order: { enum: ['newest', 'oldest'] } }).returns<SearchState>(),
  'traffic.rows': callWith({
    search: integer,
    from: integer,
    count: { type: 'integer', minimum: 1, maximum: 1000 },
  }).returns<TrafficRow[]>(),
  'traffic.exchange': callWith({ id: text }).returns<ExchangeDetail>(),
  'traffic.body': callWith({
    id: text,
    side,
    from: integer,
    length: { type: 'integer', minimum: 1, maximum: 1_048_576 },
    decoded: { type: 'boolean' },
  }).returns<BodyPart>(),
  'traffic.complete': callWith({ text, at: integer }).returns<Completion[]>(),
  'traffic.resend': callWith({ id: text }).returns<{ id: string }>(),
  /** Secrets stay markers, unless `secrets` asks for them in clear while they are kept. */
  'traffic.copyAs': callWith(
    { id: text, as: { enum: ['curl', 'httpie', 'fetch', 'http'] }, secrets: { type: 'boolean' } },
    ['secrets'],
  ).returns<{ text: string }>(),
  'traffic.judgeUnder': callWith({ id: text, environment: text }).returns<JudgedUnder>(),
  'traffic.sendSample': call<{ sent: number }>(),
  'traffic.exportHar': callWith({ query: text, file: text }, ['file']).returns<{ entries: number; text?: string }>(),
  'traffic.importHar': callWith({ file: text, text }, ['file', 'text']).returns<{
    entries: number
    problems: string[]
  }>(),
  'traffic.savedQueries': call<SavedQuery[]>(),
  'traffic.saveQuery': callWith({ name: text, query: text }).returns<SavedQuery[]>(),
  'traffic.deleteQuery': callWith({ name: text }).returns<SavedQuery[]>(),
  'traffic.clear': callWith({ query: text }).returns<{ deleted: number }>(),

  // Files of the workspace, and the policies in them.
  'files.tree': call<FileNode[]>(),
  'files.read': callWith({ path: text, revision: text }, ['revision']).returns<FileText>(),
  /** `base` is the version that the edit began with; another version on disk is a conflict, never overwritten. */
  'files.write': callWith({ path: text, text, base: text }).returns<Written>(),
  'files.check': callWith({ path: text, text }).returns<Problem[]>(),
  'files.schema': callWith({ path: text }).returns<{ schema: Record<string, unknown> | null }>(),
  'files.definition': callWith({ path: text, text, line: integer, column: integer }).returns<Definition | null>(),
  'files.rename': callWith({ path: text, text, line: integer, column: integer, name: text }).returns<{
    files: { path: string; text: string }[]
  }>(),
  /** Text of a draft that was not saved: survives a crash of any process. Empty text forgets it. */
  'files.draft': callWith({ path: text, text, base: text }).returns<null>(),
  'policies.types': call<PolicyType[]>(),
  'policies.snippets': callWith({ type: text }).returns<Snippet>(),
  'policies.insert': callWith({ path: text, text, line: integer, type: text }).returns<Insertion>(),
  'policies.counters': call<Counters>(),
} as const

/** Every event that the core sends by itself. */
export const events = {
  'workbench.changed': event<WorkbenchState>('latest'),
  /** The search has more (or fewer) rows than before. */
  'traffic.changed': event<SearchState>('latest'),
  'policies.counters': event<Counters>('latest'),
  'files.changed': event<{ path: string; version: string | null }>('every'),
  trouble: event<Refusal>('every'),
} as const

export type Calls = typeof calls
export type CallName = keyof Calls
export type Params<N extends CallName> = ParamsOf<Calls[N]>
export type Result<N extends CallName> = ResultOf<Calls[N]>
export type Events = typeof events
export type EventName = keyof Events
export type EventData<N extends EventName> = DataOf<Events[N]>

/** What a running call knows besides its parameters. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What serves the calls: one function for each. It throws an RpcError where something cannot be done. */
export type Handlers = {
  readonly [N in CallName]: (params: Params<N>, context: CallContext) => Result<N> | Promise<Result<N>>
}
