import { call, callWith, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type {
  BodyPart,
  Completion,
  ExchangeDetail,
  JudgedUnder,
  MessageList,
  SavedQuery,
  SearchState,
  TrafficRow,
} from './types.ts'

const side = { enum: ['request', 'forwarded', 'upstreamResponse', 'response'] } as const

/** Recorded exchanges. A search is kept by the core; the table asks for the rows it shows. */
export const trafficCalls = {
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
  /** Messages of a WebSocket or an event stream, from the given number on (the first is 1). */
  'traffic.messages': callWith({
    id: text,
    from: { type: 'integer', minimum: 1 },
    count: { type: 'integer', minimum: 1, maximum: 1000 },
  }).returns<MessageList>(),
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
} as const

/** What the core tells about it by itself. */
export const trafficEvents = {
  /** The search has more (or fewer) rows than before. */
  'traffic.changed': event<SearchState>('latest'),
} as const
