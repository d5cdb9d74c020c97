/** Name of an instance id: what stands behind its scope. */
export function instanceName(id: string): string {
  return id.slice(id.lastIndexOf('/') + 1)
}

/** Where an instance is in force: its id without its own name. */
export function scopeName(id: string): string {
  return id.slice(0, Math.max(0, id.lastIndexOf('/'))) || 'workspace'
}

/** `3 µs`, `0.4 ms`, `12 ms`, `3.2 s`. */
export function durationText(micros: number): string {
  if (micros < 100) return `${Math.round(micros)} µs`
  if (micros < 9_950) return `${(micros / 1000).toFixed(1)} ms`
  if (micros < 999_500) return `${Math.round(micros / 1000)} ms`
  return micros < 99_500_000 ? `${(micros / 1e6).toFixed(1)} s` : `${Math.round(micros / 60e6)} min`
}

/** Bytes as people read them: `214`, `1.2 k`, `88 k`, `3.1 M`. */
export function sizeText(bytes: number): string {
  if (bytes < 1000) return String(bytes)
  const units = ['k', 'M', 'G']
  let value = bytes / 1000
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

/** `31 MB`: with its unit, for sentences. */
export function bytesText(bytes: number): string {
  return `${sizeText(bytes)}${bytes < 1000 ? ' bytes' : 'B'}`
}

/** Whole numbers with separators of thousands: `8,412`. */
export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1 request`, `3 requests`. */
export function plural(count: number, noun: string): string {
  return `${countText(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Local time with milliseconds: `14:02:11.482`. */
export function clockText(at: number): string {
  const time = new Date(at)
  const two = (number: number) => String(number).padStart(2, '0')
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`
  return `${clock}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Local date and time. */
export function dateText(at: number): string {
  const date = new Date(at)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockText(at)}`
}

/** How long ago, roughly: `just now`, `5 minutes ago`, `3 days ago`. */
export function agoText(at: number, now: number): string {
  const minutes = Math.floor((now - at) / 60_000)
  if (minutes < 1) return 'just now'
  if (minutes < 60) return `${plural(minutes, 'minute')} ago`
  const hours = Math.floor(minutes / 60)
  return hours < 24 ? `${plural(hours, 'hour')} ago` : `${plural(Math.floor(hours / 24), 'day')} ago`
}

/** Names of phases for people. */
export const phaseTitles: Readonly<Record<string, string>> = {
  requestHeaders: 'request headers',
  requestBody: 'request body',
  responseHeaders: 'response headers',
  responseBody: 'response body',
  message: 'messages',
  log: 'log',
}

/** A message with a capital at its beginning; the name of a file or a policy stays as it is written. */
export function begun(text: string): string {
  return /^[a-z]+[\s,:]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text
}

/** A message as a sentence: with a capital at its beginning and an end. */
export function sentence(text: string): string {
  return /[.?!…]$/.test(text) ? begun(text) : `${begun(text)}.`
}
