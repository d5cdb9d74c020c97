import http from 'node:http'
import https from 'node:https'
import { CannotRun } from './cannot-run.ts'
import { visible } from '../visible.ts'

export interface Sending {
  method: string
  /** Path for the base URL, or a whole URL whose path and Host are sent there. */
  address: string
  fields: readonly (readonly [string, string])[]
  body: Buffer | undefined
  /** Wait no longer than so many milliseconds: of a response that goes on, such as an event stream, the beginning counts. */
  longestMs?: number
  /** Makes the connection where it is not made directly. */
  agent?: http.Agent
}

export interface Answer {
  status: number
  reason: string
  fields: [string, string][]
  body: Buffer
  /** Port of our end of the connection: by it the exchange is found in the capture. */
  localPort: number
  /** Milliseconds since the epoch. */
  sentAt: number
}

const mostBytes = 10 * 1024 * 1024

/** Sends one request on a connection of its own; the target goes out as written. Throws CannotRun when no response comes. */
export function sendOnce(base: string, sending: Sending, localCa: boolean): Promise<Answer> {
  const { method, address, fields, body, longestMs } = sending
  const match = /^https?:\/\/([^/?#]*)([^#]*)/i.exec(address)
  const target = match ? match[2] || '/' : address
  const path = target.startsWith('/') || target === '*' ? target : `/${target}`
  if (/[^\x21-\x7e]/.test(path)) {
    throw new CannotRun(`${visible(path)} holds a character that a target cannot`, 'percent-encode it')
  }
  const url = new URL(base)
  const names = new Set(fields.map(([name]) => name.toLowerCase()))
  const raw = fields.flat()
  if (!names.has('host')) raw.unshift('Host', match?.[1] || url.host)
  if (body && !names.has('content-type') && /^\s*[[{]/.test(body.toString('latin1', 0, 100))) {
    raw.push('Content-Type', 'application/json')
  }
  if (body && !names.has('content-length') && !names.has('transfer-encoding')) {
    raw.push('Content-Length', String(body.length))
  }
  const secure = url.protocol === 'https:'
  const prefix = url.pathname.replace(/\/$/, '')
  return new Promise((resolve, reject) => {
    const sentAt = Date.now()
    const fail = (error: Error) => reject(new CannotRun(`no response from ${url.origin}: ${visible(error.message)}`))
    let request: http.ClientRequest
    try {
      request = (secure ? https : http).request({
        method,
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: url.port,
        path: prefix + path,
        headers: raw as never,
        agent: sending.agent ?? false,
        // Our own gateway on this machine: its certificate comes from its local CA.
        ...(localCa && { rejectUnauthorized: false }),
      })
    } catch (error) {
      fail(error as Error)
      return
    }
    let localPort = 0
    let finish = () => fail(new Error(`nothing came within ${longestMs! / 1000} s`))
    if (longestMs !== undefined) {
      const timer = setTimeout(() => {
        finish()
        request.destroy()
      }, longestMs)
      request.once('close', () => clearTimeout(timer))
    }
    request.on('socket', (socket) => {
      localPort = socket.localPort ?? 0
      socket.once('connect', () => (localPort = socket.localPort ?? 0))
    })
    request.on('error', fail)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let length = 0
      finish = () => {
        const pairs: [string, string][] = []
        for (let at = 0; at < response.rawHeaders.length; at += 2) {
          pairs.push([response.rawHeaders[at]!, response.rawHeaders[at + 1]!])
        }
        const { statusCode = 0, statusMessage = '' } = response
        resolve({
          status: statusCode,
          reason: statusMessage,
          fields: pairs,
          body: Buffer.concat(chunks),
          localPort,
          sentAt,
        })
      }
      response.on('data', (chunk: Buffer) => {
        length += chunk.length
        if (length <= mostBytes) chunks.push(chunk)
      })
      response.on('end', () => finish())
      response.on('error', fail)
    })
    request.end(body)
  })
}
