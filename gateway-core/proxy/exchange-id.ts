import { randomBytes } from 'node:crypto'

// Crockford's base 32 in lower case: sorts like the number it writes, and has no i, l, o, u to misread.
const digits = '0123456789abcdefghjkmnpqrstvwxyz'
const sequenceLimit = 2 ** 20

// One random tail per process: ids of two gateways that write at the same millisecond still differ.
const tail = Array.from(randomBytes(6), (byte) => digits[byte % 32]).join('')

let lastMs = 0
let prefix = encode(0, 10)
let sequence = 0

/**
 * A new exchange id: 20 characters of lower-case base 32, namely 10 of time, 4 of a sequence within the millisecond and
 * 6 that are random per process. Ids of one process sort in the order they were made, also when the clock steps back.
 * They are names, not secrets. `now` is milliseconds since the epoch.
 */
export function exchangeId(now: number = Date.now()): string {
  if (now > lastMs) {
    lastMs = Math.floor(now)
    prefix = encode(lastMs, 10)
    sequence = 0
  } else if (++sequence === sequenceLimit) {
    lastMs += 1
    prefix = encode(lastMs, 10)
    sequence = 0
  }
  return (
    prefix +
    digits[sequence >>> 15]! +
    digits[(sequence >>> 10) & 31]! +
    digits[(sequence >>> 5) & 31]! +
    digits[sequence & 31]! +
    tail
  )
}

function encode(value: number, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest = Math.floor(rest / 32)) text = digits[rest % 32]! + text
  return text
}
