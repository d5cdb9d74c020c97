import type { Limits } from '../config/workspace.ts'
import type { RawHeaders } from '../exchange.ts'
import type { RequestEdit } from './holds.ts'
import { type HeadRefusal, isRefusal, judgeHead, type RequestHead } from './strict.ts'

/**
 * The head of a request that somebody changed, judged as strictly as one that comes in. What is to go out exactly as
 * written may have lengths that contradict each other: those fields are not judged, and stand in the head all the same.
 * `bodyBytes`: length of the body that goes on, where it is known.
 */
export function editedHead(
  original: RequestHead,
  { method, target, headers, exact }: RequestEdit,
  bodyBytes: number | undefined,
  limits: Pick<Limits, 'headerBytes' | 'headerCount'>,
): RequestHead | HeadRefusal {
  const { scheme, httpVersion } = original
  const rawHeaders = [...headers]
  const judged = judgeHead(
    {
      method,
      target,
      // A person writes header names in any case, and names the host by Host.
      httpVersion: httpVersion === '2' ? '1.1' : httpVersion,
      rawHeaders: exact ? withoutFraming(rawHeaders) : rawHeaders,
      scheme,
    },
    limits,
  )
  if (isRefusal(judged)) return judged
  const known = bodyBytes !== undefined
  return {
    ...judged,
    httpVersion,
    rawHeaders,
    hasBody: known ? bodyBytes > 0 : original.hasBody,
    contentLength: exact ? bodyBytes : judged.contentLength,
    expectContinue: known ? false : original.expectContinue,
  }
}

const framing = /^(?:content[-_]length|transfer[-_]encoding)$/i

function withoutFraming(headers: RawHeaders): string[] {
  return headers.filter((_, at) => !framing.test(headers[at - (at % 2)]!))
}
