import type { Readable } from 'node:stream'
import type { BodyTee } from './body-tee.ts'

/** How long the record waits for the rest of a body that nobody needed, in ms. The answer does not wait. */
const patienceMs = 100

/**
 * Takes along what arrives of a request body although the exchange was already answered, so that a denied request can be
 * looked at and sent again. Calls `done` once: at the end of the body, when the connection goes, at `limit` bytes, or
 * after a tenth of a second.
 */
export function readLateBody(source: Readable, tee: BodyTee, limit: number, done: () => void): void {
  let finished = false
  const finish = () => {
    if (finished) return
    finished = true
    clearTimeout(timer)
    source.removeListener('data', take)
    // Goes on flowing into nothing: an unread body would reset the connection before the answer was read.
    source.resume()
    done()
  }
  const take = (chunk: Buffer) => {
    tee.add(chunk)
    if (tee.length >= limit) finish()
  }
  const timer = setTimeout(finish, patienceMs)
  source.on('data', take)
  for (const event of ['end', 'close', 'error'] as const) source.once(event, finish)
}
