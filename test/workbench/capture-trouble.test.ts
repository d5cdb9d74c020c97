import { describe, expect, it } from 'vitest'
import type { CaptureEvent } from '../../gateway-core/capture/recorder.ts'
import { captureTrouble } from '../../gateway-core/workbench/capture-trouble.ts'

/** What is told of these events: `!` is trouble, `✓` is mended; all of it about one place. */
function told(...events: CaptureEvent[]): string[] {
  const said: string[] = []
  const hear = captureTrouble((message, { where, todo, severity }) => {
    expect(where).toBe('.gatehouse/captures.db')
    said.push(`${severity === 'info' ? '✓' : '!'} ${message}${todo ? ` → ${todo}` : ''}`)
  })
  for (const event of events) hear(event)
  return said
}

const full: CaptureEvent = { kind: 'failed', message: 'database or disk is full' }
const lost: CaptureEvent = { kind: 'dropped', records: 6, bodies: 1 }

describe('trouble with captures', () => {
  it('says what to do while the disk is full, with what was lost so far', () => {
    const todo = ' → Make room on its disk: recording goes on by itself.'
    expect(told(full, lost)).toEqual([
      `! nothing is recorded at the moment: database or disk is full${todo}`,
      `! nothing is recorded at the moment: database or disk is full; 6 exchanges and 1 body were not${todo}`,
    ])
  })

  it('ends as mended, also when the count of what was lost comes after', () => {
    expect(told(full, { kind: 'recovered' }, lost).slice(1)).toEqual([
      '✓ exchanges are recorded again',
      '✓ exchanges are recorded again; 6 exchanges and 1 body were not meanwhile',
    ])
  })

  it('is trouble again when it goes on', () => {
    expect(told(full, { kind: 'recovered' }, lost, lost).at(-1)).toBe(
      '! 6 exchanges and 1 body were not recorded: more came at once than could be written',
    )
    expect(told({ kind: 'restarted', reason: 'out of memory', records: 3 })).toEqual([
      '! the store of captures ended (out of memory) and runs again: 3 exchanges were not recorded',
    ])
  })
})
