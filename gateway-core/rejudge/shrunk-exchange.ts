import type { ExchangeRecord } from '../capture/record.ts'
import { classify, type Judged } from './judged.ts'
import type { RecordedExchange } from './recorded-exchange.ts'
import { shrinkRequest } from './shrink.ts'
import { VariedExchange, type Variation } from './varied-exchange.ts'
import { WhatIfError } from './what-if-error.ts'
import type { SmallestRequest } from '../protocol/what-if.ts'

/**
 * The smallest request that still shows the difference between two workspaces. `judge` tries one out on both; `stored`: the
 * record without secrets.
 */
export async function shrinkExchange(
  base: RecordedExchange,
  stored: () => ExchangeRecord,
  judge: (varied: VariedExchange) => Promise<readonly [before: Judged, after: Judged]>,
): Promise<SmallestRequest> {
  const tried = async (variation: Variation) => {
    const varied = new VariedExchange(base, variation)
    const [before, after] = await judge(varied)
    return { varied, before, after, found: classify(before, after) }
  }
  const whole = await tried({})
  if (!whole.found) throw new WhatIfError('this exchange comes out the same, so there is nothing to shrink')
  const { variation, dropped } = await shrinkRequest(base.request, base.requestBody?.bytes, async (smaller) => {
    const { before, after, found } = await tried(smaller)
    return (
      found?.kind === whole.found!.kind &&
      ends(before) === ends(whole.before) &&
      ends(after) === ends(whole.after) &&
      (found.kind !== 'transformed' || found.differs?.join() === whole.found!.differs?.join())
    )
  })
  const { varied, before, after } = await tried(variation)
  const { request, requestBody } = varied
  return {
    method: request.method,
    target: request.query === '' ? request.path : `${request.path}?${request.query}`,
    headers: pairs(sealedHeaders(stored(), request.headers.raw, base.request.headers.raw)),
    ...(requestBody && { body: Buffer.from(requestBody.bytes).toString('utf8') }),
    dropped,
    before: before.outcome,
    after: after.outcome,
  }
}

function ends({ outcome: { verdict, code, decidedBy } }: Judged): string {
  return `${verdict} ${code} ${decidedBy}`
}

/** The fields that are left, with their secrets sealed. */
function sealedHeaders(stored: ExchangeRecord, left: readonly string[], all: readonly string[]): string[] {
  const sealed: string[] = []
  let from = 0
  for (let at = 0; at + 1 < left.length; at += 2) {
    while (from + 1 < all.length && (all[from] !== left[at] || all[from + 1] !== left[at + 1])) from += 2
    sealed.push(left[at]!, stored.request.headers[from + 1] ?? left[at + 1]!)
    from += 2
  }
  return sealed
}

function pairs(raw: readonly string[]): [string, string][] {
  const list: [string, string][] = []
  for (let at = 0; at + 1 < raw.length; at += 2) list.push([raw[at]!, raw[at + 1]!])
  return list
}
