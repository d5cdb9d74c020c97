import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { calendar } from '../../gateway-core/policies/calendar.ts'

/** Zones whose clocks do odd things: half hours, days left out, midnights that are missing or come twice. */
const zones = [
  'UTC',
  'Europe/Paris',
  'America/Sao_Paulo',
  'America/Havana',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
]

/** What stands on the wall there, as a day, the Monday of its week, or a month. */
function wallOf(zone: string, moment: number): Record<'day' | 'week' | 'month', string> {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' }).format(moment)
  const date = new Date(`${day}T00:00:00Z`)
  const monday = date.getTime() - ((date.getUTCDay() + 6) % 7) * 86_400_000
  return { day, week: new Date(monday).toISOString().slice(0, 10), month: day.slice(0, 7) }
}

it('a period ends when the calendar on the wall turns, and not before, in every zone', () => {
  const moments = fc.integer({ min: Date.UTC(2005, 0, 1), max: Date.UTC(2032, 0, 1) })
  const samoaLeftOut = Date.UTC(2011, 11, 30, 4)
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.constantFrom('day', 'week', 'month'), moments, (zone, period, now) => {
      const end = calendar(period, zone)(now)
      expect(end).toBeGreaterThan(now)
      expect(wallOf(zone, end - 1)[period]).toBe(wallOf(zone, now)[period])
      expect(wallOf(zone, end)[period]).not.toBe(wallOf(zone, now)[period])
    }),
    { numRuns: 300, examples: [['Pacific/Apia', 'day', samoaLeftOut]] },
  )
})
