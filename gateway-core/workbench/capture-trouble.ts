import type { CaptureEvent } from '../capture/recorder.ts'
import type { Refusal } from '../protocol/types.ts'

/** Where trouble is, what to do, and `info` once it is mended. */
export type TroubleAbout = Pick<Refusal, 'where' | 'todo'> & { severity?: 'info' }

/**
 * Tells what the recorder meets. All of it is about one place, so that what was mended takes the place of what was wrong;
 * what was lost meanwhile is counted in both.
 */
export function captureTrouble(tell: (message: string, about: TroubleAbout) => void): (event: CaptureEvent) => void {
  const where = '.gatehouse/captures.db'
  let failing: string | undefined
  let mended = false
  const tellFailing = (lost: string) => {
    const full = /disk is full|ENOSPC/i.test(failing!)
    const todo = full ? 'Make room on its disk: recording goes on by itself.' : undefined
    tell(`nothing is recorded at the moment: ${failing}${lost}`, { where, ...(todo && { todo }) })
  }
  return (event) => {
    switch (event.kind) {
      case 'failed':
        failing = event.message
        return tellFailing('')
      case 'recovered':
        failing = undefined
        mended = true
        return tell('exchanges are recorded again', { where, severity: 'info' })
      case 'restarted':
        return tell(
          `the store of captures ended (${event.reason}) and runs again: ${event.records} exchanges were not recorded`,
          { where },
        )
      case 'dropped': {
        const lost = `${of(event.records, 'exchange', 's')} and ${of(event.bodies, 'bod', 'ies', 'y')}`
        if (failing !== undefined) return tellFailing(`; ${lost} were not`)
        if (!mended) return tell(`${lost} were not recorded: more came at once than could be written`, { where })
        mended = false
        return tell(`exchanges are recorded again; ${lost} were not meanwhile`, { where, severity: 'info' })
      }
    }
  }
}

function of(count: number, stem: string, many: string, one = ''): string {
  return `${count} ${stem}${count === 1 ? one : many}`
}
