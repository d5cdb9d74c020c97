/** Periods of the calendar in a time zone. */
export const periods = ['minute', 'hour', 'day', 'week', 'month'] as const
export type Period = (typeof periods)[number]

/** For a moment, when the period that holds it ends and the next one begins. Both in milliseconds since the epoch. */
export type Calendar = (now: number) => number

/** True when the runtime knows the zone (IANA name, for example `Europe/Paris`). */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/**
 * Calendar periods as clocks on the wall of that zone show them: a day of a change to summer time has 23 hours, and where
 * midnight does not exist it begins with the first moment after. Weeks begin on Monday (ISO 8601). The last end is
 * remembered, because finding one takes longer than a request may.
 */
export function calendar(period: Period, zone: string): Calendar {
  const wall = wallClock(zone)
  return remembering((now) => {
    const local = wall(now)
    if (period === 'minute') return now + 60_000 - modulo(local, 60_000)
    // Hours follow the zone's minutes, and one that comes twice is two hours.
    if (period === 'hour') return now + 3_600_000 - modulo(local, 3_600_000)
    return whenWallShows(wall, nextStart(period, new Date(local)), local - now)
  })
}

/** Periods of equal length, counted from `origin` (ms since epoch) in both directions. */
export function everyMs(length: number, origin: number): Calendar {
  return (now) => now + length - modulo(now - origin, length)
}

function remembering(find: Calendar): Calendar {
  let from = 0
  let end = 0
  return (now) => {
    if (now < from || now >= end) {
      end = find(now)
      from = now
    }
    return end
  }
}

/** Start of the next period after a wall time, as a wall time. */
function nextStart(period: 'day' | 'week' | 'month', local: Date): number {
  const [year, month, day] = [local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()]
  switch (period) {
    case 'day':
      return Date.UTC(year, month, day + 1)
    case 'week':
      return Date.UTC(year, month, day - ((local.getUTCDay() + 6) % 7) + 7)
    case 'month':
      return Date.UTC(year, month + 1, 1)
  }
}

/** Gives for a moment what the clock of the zone shows, as if it were UTC. */
function wallClock(zone: string): (moment: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (moment) => {
    const parts: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(moment)) parts[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
    return Date.UTC(year, month - 1, day, hour, minute, second) + modulo(moment, 1000)
  }
}

/** The first moment, to the second, at which the wall clock shows `wanted` or later. `offset` is the one in force, most likely still then. */
function whenWallShows(wall: (moment: number) => number, wanted: number, offset: number): number {
  const guess = wanted - offset
  if (wall(guess) === wanted && wall(guess - 1) === wanted - 1) return guess
  let low = Math.floor(wanted / 1000) - 15 * 3600
  let high = Math.ceil(wanted / 1000) + 15 * 3600
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (wall(middle * 1000) >= wanted) high = middle
    else low = middle + 1
  }
  return low * 1000
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by
}
