import { type CaptureDatabase, partKind } from './schema.ts'

/** What stands as the reason of an exchange that ended with its gateway. */
export const gatewayEnded = 'the gateway ended'

/**
 * Closes exchanges that a killed gateway left `open`: they end as `aborted`. Only those that began before `before` (ms
 * since the epoch) are touched; nobody else may be writing them. Returns how many.
 */
export function closeLeftOpen(db: CaptureDatabase, before: number): number {
  const contexts = `SELECT id, text FROM parts p WHERE kind = ${partKind.context} AND text ->> 18 = 'open'`
  // Exchanges share contexts; one that a younger exchange refers to stays until the next start.
  const users = 'SELECT count(*) AS n, max(started_at) AS last FROM exchanges WHERE context = ?'
  let closed = 0
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const { id, text } of db.prepare(contexts).all() as { id: number; text: string }[]) {
      const { n, last } = db.prepare(users).get([id]) as { n: number; last: number | null }
      if (n === 0 || last === null || last >= before) continue
      const list = JSON.parse(text) as unknown[]
      list[12] = 'aborted'
      list[18] = 'done'
      list[23] = gatewayEnded
      db.prepare('UPDATE parts SET text = ? WHERE id = ?').run([JSON.stringify(list), id])
      closed += n
    }
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
  return closed
}
