import type { RequestMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import type { RequestHead } from './strict.ts'

/** The request as policies see it, from a head that the listener accepted. */
export function requestOfHead(head: RequestHead): RequestMessage {
  const { method, scheme, authority, target, path, query, rawHeaders, hasBody, contentLength } = head
  const headers = new HeaderList(rawHeaders)
  return { method, scheme, authority, target, path, query, headers, hasBody, contentLength, body: undefined }
}
