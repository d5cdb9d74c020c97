import type { Density } from '../capture/store.ts'
import type { ExchangeSummary } from '../capture/summary.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { Emit } from '../protocol/rpc-server.ts'
import {
  type ShrunkRequest,
  type WhatIfCounts,
  type WhatIfExplanation,
  type WhatIfGroup,
  whatIfKinds,
  type WhatIfList,
  type WhatIfOutcome,
  type WhatIfRow,
  type WhatIfTotals,
} from '../protocol/what-if.ts'
import type { Difference } from '../rejudge/first-difference.ts'
import { WhatIfError } from '../rejudge/what-if-thread.ts'
import type { FileTexts, WhatIfQuestion } from '../rejudge/what-if.ts'
import { plainStep } from './exchange-detail.ts'
import { maskOf } from './mask-secrets.ts'
import { curlOfShrunk, testOfShrunk } from './shrunk-texts.ts'
import { WhatIfChanges } from './what-if-changes.ts'
import type { Workbench } from './workbench.ts'

interface Question {
  run: number
  question: WhatIfQuestion
  changes: WhatIfChanges
  /** How many it leaves as they are, once all are judged, and their sequences, the newest first. */
  same: number
  sameOrders?: Promise<readonly number[]>
}

type Texts = readonly { readonly path: string; readonly text: string }[]

/** The question that one screen asks of the past, and what it found. The next question ends the one before. */
export class WhatIfDesk {
  readonly #workbench: Workbench
  readonly #emit: Emit
  /** What the screen shows: the newest question that had an answer. One that cannot be judged leaves it there. */
  #shown: Question | undefined
  #running: AbortController | undefined

  constructor(workbench: Workbench, emit: Emit) {
    this.#workbench = workbench
    this.#emit = emit
  }

  /** Reads the capture. What keeps it from being judged is said when somebody asks. */
  async prepare(): Promise<void> {
    await this.#workbench.past.judge(this.#questionOf([], '')).catch(() => undefined)
  }

  async judge(run: number, texts: Texts, query: string, signal: AbortSignal): Promise<WhatIfCounts> {
    this.#running?.abort()
    const running = new AbortController()
    this.#running = running
    const question = this.#questionOf(texts, query)
    const asked: Question = { run, question, changes: new WhatIfChanges(), same: 0 }
    const { changes, ...counts } = await told(
      this.#workbench.past.judge(question, {
        signal: AbortSignal.any([signal, running.signal]),
        onProgress: (so, fresh) => {
          if (this.#running !== running) return
          asked.changes.add(fresh)
          // It began anew: what was found before is told once more, or is not so.
          if (asked.changes.size !== changesIn(so)) {
            asked.changes = new WhatIfChanges()
            asked.changes.add(fresh)
          }
          this.#shown = asked
          this.#emit('whatIf.progress', { run, counts: countsOf(so, asked.changes) })
        },
      }),
    )
    asked.changes = new WhatIfChanges()
    asked.changes.add(changes)
    asked.same = counts.same
    if (this.#running === running) this.#shown = asked
    return countsOf(counts, asked.changes)
  }

  groups(run: number, kind: WhatIfList): WhatIfGroup[] {
    const { changes, same } = this.#askedOf(run)
    if (kind !== 'same') return changes.groups(kind)
    return same === 0 ? [] : [{ what: 'end as they were recorded', exchanges: same, warming: 0 }]
  }

  async rows(run: number, kind: WhatIfList, from: number, count: number): Promise<WhatIfRow[]> {
    const { captures } = this.#workbench.workspace
    const asked = this.#askedOf(run)
    const most = Math.min(count, 1000)
    if (kind !== 'same') return asked.changes.rows(kind, from, most, (orders) => captures.rows(orders))
    const orders = await this.#sameOf(asked)
    return captures.rows(orders.slice(from, from + most)).map(rowOfSame)
  }

  /** When the exchanges of a kind began. */
  async when(run: number, kind: WhatIfList, parts: number): Promise<Density> {
    const asked = this.#askedOf(run)
    const orders = kind === 'same' ? await this.#sameOf(asked) : asked.changes.orders(kind)
    return this.#workbench.workspace.searcher.when(orders, parts)
  }

  /** What was judged and is in no list of changes. What came since was not judged. */
  #sameOf(asked: Question): Promise<readonly number[]> {
    asked.sameOrders ??= this.#workbench.workspace.searcher.since(asked.question.query ?? '', 0).then((found) => {
      const changed = new Set(whatIfKinds.flatMap((kind) => asked.changes.orders(kind)))
      const left = (found?.list ?? []).filter((order) => !changed.has(order))
      return left.slice(0, asked.same).reverse()
    })
    return asked.sameOrders
  }

  async explain(run: number, id: string): Promise<WhatIfExplanation> {
    const { question } = this.#askedOf(run)
    const { before, after, firstDifference, kind, blame, message } = await told(
      this.#workbench.past.explain(id, question),
    )
    const { captures } = this.#workbench.workspace
    const mask = maskOf(captures, id, message?.number)
    return {
      exchange: captures.list({ query: `id:${id}`, limit: 1 })[0] ?? null,
      kind,
      before: mask({ ...before, trace: before.trace.map(plainStep) }),
      after: mask({ ...after, trace: after.trace.map(plainStep) }),
      firstDifference: firstDifference && shown(mask(firstDifference)),
      ...(message && { message: mask(message) }),
      blame,
    }
  }

  async shrink(run: number, id: string): Promise<ShrunkRequest> {
    const { question } = this.#askedOf(run)
    const { captures } = this.#workbench.workspace
    const found = await told(this.#workbench.past.shrink(id, question))
    const shrunk = maskOf(captures, id, found.messages?.[0]?.number)(found)
    return { ...shrunk, curl: curlOfShrunk(shrunk, this.#workbench.workspace.gatewayUrl) }
  }

  async test(run: number, id: string): Promise<{ text: string; note?: string }> {
    const { question } = this.#askedOf(run)
    const opened = this.#workbench.workspace
    const exchange = opened.captures.get(id, { secrets: 'sealed' })
    if (!exchange) throw refused('this exchange is not in the capture any more')
    const shrunk = maskOf(opened.captures, id)(await told(this.#workbench.past.shrink(id, question)))
    if (shrunk.messages) {
      throw refused('a policy test has no messages', 'copy the message, and say it over a WebSocket of your own')
    }
    return testOfShrunk(opened, exchange, shrunk)
  }

  /** Ends what runs. */
  close(): void {
    this.#running?.abort()
    this.#running = undefined
    this.#shown = undefined
  }

  #questionOf(texts: Texts, query: string): WhatIfQuestion {
    const { environment } = this.#workbench.workspace
    const candidate: FileTexts = Object.fromEntries(texts.map(({ path, text }) => [path, text]))
    return { candidate, ...(query !== '' && { query }), ...(environment !== undefined && { environment }) }
  }

  #askedOf(run: number): Question {
    if (this.#shown?.run === run) return this.#shown
    throw refused('another question was asked since', 'look at the newer answer')
  }
}

/** What the judging thread refuses, as calls refuse. */
export async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof WhatIfError) throw refused(error.message, error.suggestion, error.where)
    if ((error as Error).name === 'AbortError') throw new RpcError({ code: 'CANCELLED', message: 'stopped' })
    throw error
  }
}

/** An exchange that ends as it was recorded. */
function rowOfSame(exchange: ExchangeSummary): WhatIfRow {
  const { id, verdict, status, code, decidedBy } = exchange
  const outcome: WhatIfOutcome = {
    verdict,
    status,
    ...(code !== undefined && { code }),
    ...(decidedBy !== undefined && { decidedBy }),
  }
  return { id, group: 0, before: outcome, after: outcome, warming: false, exchange }
}

function changesIn(counts: WhatIfTotals): number {
  return whatIfKinds.reduce((sum, kind) => sum + counts[kind], 0)
}

function countsOf(counts: WhatIfTotals, changes: WhatIfChanges): WhatIfCounts {
  return { ...counts, lines: changes.lines() }
}

function shown({ step, field, a, b, fact }: Difference): NonNullable<WhatIfExplanation['firstDifference']> {
  return {
    step,
    field,
    before: valueText(a),
    after: valueText(b),
    ...(fact && { fact: { key: fact.key, before: valueText(fact.a), after: valueText(fact.b) } }),
  }
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 2000 ? `${text.slice(0, 2000)}…` : text
}
