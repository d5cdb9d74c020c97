import type { StoredExchange } from '../capture/record.ts'
import type { Handlers } from '../protocol/protocol.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { Emit } from '../protocol/rpc-server.ts'
import type { SearchState, TrafficRow } from '../protocol/types.ts'
import { caseDetail, caseExchange, caseMessages, isCase } from './cases-calls.ts'
import { completeQuery } from './complete-query.ts'
import { copyAs } from './copy-as.ts'
import { BodyReader } from './exchange-body.ts'
import { exchangeDetail } from './exchange-detail.ts'
import { messagesAmong, messagesOf } from './exchange-messages.ts'
import { filterOf } from './filter-of.ts'
import { judgeUnder } from './judge-under.ts'
import { LiveSearch } from './live-search.ts'
import { resend } from './resend.ts'
import { sendSample } from './sample-requests.ts'
import { SavedQueries } from './saved-queries.ts'
import type { Workbench } from './workbench.ts'

/** What one screen looks at: its search, and the body it reads part by part. */
export class TrafficDesk {
  readonly bodies = new BodyReader()
  readonly #workbench: Workbench
  readonly #emit: Emit
  #search: LiveSearch | undefined
  #count = 0

  constructor(workbench: Workbench, emit: Emit) {
    this.#workbench = workbench
    this.#emit = emit
  }

  /** Begins a search in the place of the one before. */
  async search(query: string, order: 'newest' | 'oldest'): Promise<SearchState> {
    const { captures, searcher } = this.#workbench.workspace
    this.#search?.close()
    const search = ++this.#count
    const live = new LiveSearch({
      captures,
      searcher,
      search,
      query,
      order,
      onChanged: (state) => this.#emit('traffic.changed', state),
    })
    this.#search = live
    return live.begin()
  }

  rows(search: number, from: number, count: number): TrafficRow[] {
    // A table that asks for rows of its last search while the next one begins shows them for a moment only.
    if (!this.#search || search !== this.#count) return []
    return this.#search.rows(from, count)
  }

  recorded(deleted: boolean): void {
    if (deleted) this.#search?.restart()
    else this.#search?.grow()
  }

  close(): void {
    this.#search?.close()
    this.#search = undefined
    this.bodies.forget()
  }
}

/** Traffic: what was recorded, found, shown, sent again, taken in and out. */
export function trafficCalls(
  workbench: Workbench,
  desk: TrafficDesk,
): Pick<Handlers, Extract<keyof Handlers, `traffic.${string}`>> {
  const exchangeOf = (id: string, secrets: 'open' | 'sealed'): StoredExchange => {
    if (isCase(id)) return caseExchange(workbench.workspace, id)
    const exchange = workbench.workspace.captures.get(id, { secrets })
    if (exchange) return exchange
    throw new RpcError({
      code: 'NOT_FOUND',
      message: `there is no exchange ${id.slice(0, 60)}`,
      todo: 'it was deleted, or left to make room for newer ones',
    })
  }
  const saved = () => new SavedQueries(workbench.workspace.folder)
  return {
    'traffic.search': ({ query, order }) => desk.search(query, order),
    'traffic.rows': ({ search, from, count }) => desk.rows(search, from, count),
    'traffic.exchange': ({ id }) =>
      isCase(id) ? caseDetail(workbench.workspace, id) : exchangeDetail(exchangeOf(id, 'sealed'), workbench.workspace),
    'traffic.body': ({ id, side, from, length, decoded }) =>
      desk.bodies.read(id, side, decoded, () => exchangeOf(id, 'sealed'), from, length),
    'traffic.messages': ({ id, from, count }) =>
      isCase(id)
        ? messagesAmong(caseMessages(workbench.workspace, id), from, count)
        : messagesOf(workbench.workspace.captures, id, from, count),
    'traffic.complete': ({ text, at }) => completeQuery(text, at, workbench.opened?.workspace),
    'traffic.resend': async ({ id }) => ({ id: await resend(workbench.workspace, exchangeOf(id, 'open')) }),
    'traffic.copyAs': ({ id, as, secrets }) => ({
      text: copyAs(exchangeOf(id, secrets ? 'open' : 'sealed').request, as, workbench.workspace.gatewayUrl),
    }),
    'traffic.judgeUnder': ({ id, environment }) => judgeUnder(workbench.workspace, exchangeOf(id, 'open'), environment),
    'traffic.sendSample': async () => ({ sent: await sendSample(workbench.workspace) }),
    'traffic.exportHar': ({ query, file }) => {
      const { errands, folder } = workbench.workspace
      return errands.run('exportHar', { folder, query, file })
    },
    'traffic.importHar': async ({ file, text }) => {
      const opened = workbench.workspace
      const { workspace, folder, key, errands } = opened
      if (!workspace) throw refused('the files of the workspace have errors', 'mend them first')
      if ((file === undefined) === (text === undefined)) throw refused('name a HAR file, or give its text')
      const asked = { folder, key: key.share(), settings: structuredClone(workspace.capture), file, text }
      // What was read before an error stays.
      return errands.run('importHar', asked).finally(() => opened.capturesChanged())
    },
    'traffic.savedQueries': () => saved().list(),
    'traffic.saveQuery': ({ name, query }) => {
      filterOf(query)
      return saved().save(name, query)
    },
    'traffic.deleteQuery': ({ name }) => saved().remove(name),
    'traffic.clear': ({ query }) => {
      const opened = workbench.workspace
      const deleted = opened.captures.delete(filterOf(query))
      opened.capturesChanged()
      return { deleted }
    },
  }
}
