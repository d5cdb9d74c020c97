import type { RecordedRequest, StoredExchange } from '../capture/record.ts'
import type { SmallestRequest } from '../protocol/what-if.ts'
import { testItem } from '../tests/test-yaml.ts'
import { copyAs } from './copy-as.ts'
import { policyTestOfExchange } from './make-test.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'

/** A shrunk request as a command. What is sealed stays a marker. */
export function curlOfShrunk(shrunk: SmallestRequest, gateway: string | undefined): string {
  const authority = shrunk.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost'
  return copyAs(shrunkRequest(shrunk, { scheme: 'http', authority, httpVersion: '1.1' }), 'curl', gateway)
}

/** A policy test of the shrunk request: on the facts of its exchange, with the outcome that the files on disk give. */
export async function testOfShrunk(
  opened: OpenedWorkspace,
  exchange: StoredExchange,
  shrunk: SmallestRequest,
): Promise<{ text: string; note?: string }> {
  const request = shrunkRequest(shrunk, exchange.request)
  const { name, draft, note } = await policyTestOfExchange(opened, { ...exchange, request })
  return { text: testItem(name, draft), ...(note !== undefined && { note }) }
}

function shrunkRequest(
  { method, target, headers, body }: SmallestRequest,
  rest: Pick<RecordedRequest, 'scheme' | 'authority' | 'httpVersion'>,
): RecordedRequest {
  const { scheme, authority, httpVersion } = rest
  const at = target.indexOf('?')
  const [path, query] = at < 0 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)]
  const bytes = body === undefined ? undefined : Buffer.from(body)
  return {
    method,
    scheme,
    authority,
    httpVersion,
    target,
    path,
    query,
    headers: headers.flat(),
    ...(bytes && { body: { bytes, length: bytes.byteLength, truncated: false } }),
  }
}
