import { stringify } from 'yaml'
import type { ShrunkRequest } from '../rejudge/what-if.ts'
import { copyAs } from './copy-as.ts'

/** A shrunk request as a command, and as a policy test of how it ends by the files on disk. */
export function shrunkTexts(shrunk: ShrunkRequest, gateway: string | undefined): { curl: string; test: string } {
  const { method, target, headers, body, before } = shrunk
  const [path = '/', query = ''] = target.split(/\?(.*)/s)
  const bytes = body === undefined ? undefined : Buffer.from(body)
  const curl = copyAs(
    {
      method,
      scheme: 'http',
      authority: headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'localhost',
      target,
      path,
      query,
      httpVersion: '1.1',
      headers: headers.flat(),
      ...(bytes && { body: { bytes, length: bytes.byteLength, truncated: false } }),
    },
    'curl',
    gateway,
  )
  const { verdict, status, decidedBy, code } = before
  const test = stringify({
    name: `${method} ${path}: ${code ?? verdict}`,
    request: {
      method,
      url: target,
      ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
      ...(body !== undefined && { body }),
    },
    expect: {
      verdict,
      ...(status !== undefined && { status }),
      ...(decidedBy !== undefined && { policy: decidedBy }),
      ...(code !== undefined && { code }),
    },
  })
  return { curl, test }
}
