import type { LimitAlgorithm, LimitAnswer, LimitOperation } from './state.ts'

/**
 * What a limiter remembers about one key, in three numbers whatever the limit is. Windows: `at` is when the current window
 * began, `used` what was counted in it, `before` what was counted in the one before. Buckets: `used` is the level at `at`.
 */
export interface LimiterCell {
  algorithm: LimitAlgorithm
  at: number
  used: number
  before: number
}

/** A cell for a key that was not seen before, or not for so long that nothing of it counts any more. */
export function newCell(algorithm: LimitAlgorithm, now: number): LimiterCell {
  return { algorithm, at: now, used: 0, before: 0 }
}

/**
 * Takes `operation.cost` from the cell at time `now` (ms, not before the cell's last use) and changes the cell.
 *
 * - `fixed-window`: a window begins with the first request of its key and lasts `windowMs`; it admits `limit + burst`.
 *   It is not aligned to the clock: a client that begins late in a minute does not get the limit twice within seconds.
 * - `sliding-window`: two adjoining windows. What the window before counted weighs as much as of it still lies inside the last
 *   `windowMs`, in whole milliseconds and rounded down: `used + ⌊before × rest / window⌋ ≤ limit + burst`. The arithmetic fits into one line of evidence
 *   and the memory does not depend on the limit; the price is that requests of the window before are taken as evenly
 *   spread. HAProxy's `http_req_rate` counts like this.
 * - `token-bucket`: holds `limit + burst` tokens and gets `limit` back per window, evenly.
 * - `leaky-bucket`: the generic cell rate algorithm (ITU-T I.371): one request each `windowMs / limit`, and `burst` more at
 *   once. This is nginx `limit_req … burst=N nodelay`. It is a token bucket with room for `1 + burst`.
 *
 * `countDenied` lets a refused request count too, so that a client that goes on stays locked out; in buckets the debt
 * never exceeds one more full bucket. A cost of 0 takes nothing and tells the standing. What is not a finite number
 * counts as 0, so that a limit of NaN admits nothing. `retryAfterMs` assumes that the client is silent until then; where the
 * cost alone exceeds the limit, no wait helps, and it is one window.
 */
export function spend(cell: LimiterCell, operation: LimitOperation, now: number): LimitAnswer {
  const limit = count(operation.limit)
  const burst = count(operation.burst)
  const windowMs = Math.max(1, count(operation.windowMs))
  const cost = count(operation.cost)
  const time = Math.max(now, cell.at)
  switch (cell.algorithm) {
    case 'fixed-window':
      return spendFixed(cell, limit, limit + burst, windowMs, cost, operation.countDenied, time)
    case 'sliding-window':
      return spendSliding(cell, limit, limit + burst, windowMs, cost, operation.countDenied, time)
    case 'token-bucket':
      return spendBucket(cell, limit, limit + burst, windowMs, cost, operation.countDenied, time)
    case 'leaky-bucket':
      return spendBucket(cell, limit, limit > 0 ? 1 + burst : 0, windowMs, cost, operation.countDenied, time)
  }
}

/** When (ms since epoch) a cell has become like a new one; from then on it may be forgotten. */
export function expiryOf(cell: LimiterCell, operation: LimitOperation): number {
  const windowMs = Math.max(1, count(operation.windowMs))
  switch (cell.algorithm) {
    case 'fixed-window':
      return cell.at + windowMs
    case 'sliding-window':
      return cell.at + 2 * windowMs
    default: {
      const limit = count(operation.limit)
      return limit === 0 ? cell.at + windowMs : cell.at + Math.ceil(cell.used / limit)
    }
  }
}

function spendFixed(
  cell: LimiterCell,
  limit: number,
  room: number,
  windowMs: number,
  cost: number,
  countDenied: boolean,
  now: number,
): LimitAnswer {
  if (now - cell.at >= windowMs) {
    cell.at = now
    cell.used = 0
  }
  const allowed = cell.used + cost <= room
  if (allowed || countDenied) cell.used = bounded(cell.used + cost)
  const left = cell.at + windowMs - now
  return answer(allowed, limit, room - cell.used, cell.used === 0 ? 0 : left, cost > room ? windowMs : left)
}

function spendSliding(
  cell: LimiterCell,
  limit: number,
  room: number,
  windowMs: number,
  cost: number,
  countDenied: boolean,
  now: number,
): LimitAnswer {
  const elapsed = now - cell.at
  if (elapsed >= 2 * windowMs) {
    cell.at = now
    cell.used = 0
    cell.before = 0
  } else if (elapsed >= windowMs) {
    cell.at += windowMs
    cell.before = cell.used
    cell.used = 0
  }
  // The window before still matters for this time after the present millisecond, which belongs to the present.
  const rest = cell.at + windowMs - now - 1
  const carried = share(cell.before, rest, windowMs)
  const allowed = cell.used + carried + cost <= room
  if (allowed || countDenied) cell.used = bounded(cell.used + cost)
  const retry = cost > room ? windowMs : slidingWait(cell, room - cost, windowMs, rest)
  return answer(allowed, limit, room - cell.used - carried, slidingWait(cell, 0, windowMs, rest), retry)
}

/** Least wait until no more than `most` is counted, when nothing comes meanwhile. */
function slidingWait(cell: LimiterCell, most: number, windowMs: number, rest: number): number {
  if (cell.used <= most) return waitForShare(cell.before, most - cell.used, windowMs, rest)
  return rest + 1 + waitForShare(cell.used, most, windowMs, windowMs - 1)
}

/** Least wait until `⌊before × rest / window⌋ ≤ most`. */
function waitForShare(before: number, most: number, windowMs: number, rest: number): number {
  if (share(before, rest, windowMs) <= most) return 0
  let enough = Math.min(rest, Math.ceil(((most + 1) * windowMs) / before) - 1)
  // Division rounds; the last millisecond is settled by the same formula that admits.
  while (enough > 0 && share(before, enough, windowMs) > most) enough -= 1
  return rest - enough
}

function share(before: number, rest: number, windowMs: number): number {
  return Math.floor((before * rest) / windowMs)
}

/**
 * Both buckets, in units in which everything is a whole number: a request weighs `windowMs`, and `limit` units flow out
 * per millisecond. So no rounding adds up over a long time.
 */
function spendBucket(
  cell: LimiterCell,
  limit: number,
  room: number,
  windowMs: number,
  cost: number,
  countDenied: boolean,
  now: number,
): LimitAnswer {
  const capacity = room * windowMs
  cell.used = Math.max(0, cell.used - limit * (now - cell.at))
  cell.at = now
  const weight = cost * windowMs
  const allowed = cell.used + weight <= capacity
  if (allowed) cell.used += weight
  else if (countDenied) cell.used = Math.min(cell.used + weight, 2 * capacity)
  const remaining = Math.floor((capacity - cell.used) / windowMs)
  if (limit === 0) return answer(allowed, limit, remaining, windowMs, windowMs)
  const retry = cost > room ? windowMs : Math.ceil((cell.used + weight - capacity) / limit)
  return answer(allowed, limit, remaining, Math.ceil(cell.used / limit), retry)
}

function answer(allowed: boolean, limit: number, remaining: number, resetMs: number, retry: number): LimitAnswer {
  return { allowed, limit, remaining: Math.max(0, remaining), resetMs, retryAfterMs: allowed ? 0 : Math.max(1, retry) }
}

function bounded(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER)
}

/** A finite number of at least 0 and at most what doubles count exactly. */
function count(value: number): number {
  return value > 0 ? Math.min(value, Number.MAX_SAFE_INTEGER) : 0
}
