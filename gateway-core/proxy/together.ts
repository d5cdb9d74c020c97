/** Who has something to write when all that came in by now was dealt with. */
export interface Leaving {
  leave(): void
}

let waiting: Leaving[] = []
let spare: Leaving[] = []

/**
 * Lets what is ready be written after all that came in by now was dealt with: whoever is woken by the first of many writes
 * finds the others there, and is not woken for each of them.
 */
export function leaveTogether(one: Leaving): void {
  if (waiting.push(one) === 1) setImmediate(leaveAll)
}

function leaveAll(): void {
  const leaving = waiting
  waiting = spare
  spare = leaving
  for (const one of leaving) one.leave()
  leaving.length = 0
}
