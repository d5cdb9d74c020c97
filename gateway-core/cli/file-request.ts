import type { RecordedFact } from '../pipeline/facts.ts'

/** Bytes of a message; `decoded` when its Content-Encoding was undone already. */
export interface FileBody {
  bytes: Uint8Array
  decoded: boolean
}

export interface FileResponse {
  status: number
  reason: string
  rawHeaders: string[]
  body?: FileBody
}

/** A request read from a file. `name` says where it stands, for people. */
export interface FileRequest {
  name: string
  scheme: 'http' | 'https'
  method: string
  /** Origin form, as it stands; nothing is normalized. */
  target: string
  httpVersion: string
  rawHeaders: string[]
  body?: FileBody
  response?: FileResponse
  /** Address of the client; loopback when the file does not tell. */
  client?: string
  /** What was recorded with it: with these facts it is judged as it was, at its time. */
  recorded?: { facts: readonly RecordedFact[]; at: number }
}

/** Takes an address apart without changing a character of the target: `http://host/a/../b?c` keeps its dots. */
export function splitAddress(address: string): { scheme: 'http' | 'https'; authority?: string; target: string } {
  const match = /^(https?):\/\/([^/?#]*)([^]*)$/i.exec(address)
  if (!match) return { scheme: 'http', target: address }
  const rest = match[3]!.split('#', 1)[0]!
  return {
    scheme: match[1]!.toLowerCase() as 'http' | 'https',
    authority: match[2]!,
    target: rest.startsWith('/') ? rest : `/${rest}`,
  }
}

/** Flat header list with a Host in front where the fields name none and the address does. */
export function rawHeadersOf(fields: readonly (readonly [string, string])[], authority: string | undefined): string[] {
  const named = fields.some(([name]) => name.toLowerCase() === 'host')
  const raw = fields.flat()
  return named || authority === undefined ? raw : ['Host', authority, ...raw]
}
