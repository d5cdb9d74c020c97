import type { HeaderList } from '../headers.ts'

/**
 * The Content-Type of a message. Undefined where it has none, and also where it has several (RFC 9110 §8.3 knows one): some
 * programs take the first, some the last, so only a look at the body tells what they will read.
 */
export function contentTypeOf(headers: HeaderList): string | undefined {
  const written = headers.list('content-type')
  if (written === undefined || written === '') return undefined
  return written.includes(',') && written.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').includes(',') ? undefined : written
}
