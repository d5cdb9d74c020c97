import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sendOnce } from '../../gateway-core/workbench/send-request.ts'

let server: Server
let base: string
beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.url === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: 1\n\n')
    } else if (request.url !== '/silent') response.end('whole')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const get = (address: string) =>
  sendOnce(base, { method: 'GET', address, fields: [], body: undefined, longestMs: 150 }, false)

describe('a request with a longest time', () => {
  it('has the beginning of a response that goes on for ever', async () => {
    const { status, body } = await get('/events')
    expect([status, body.toString()]).toEqual([200, 'data: 1\n\n'])
  })

  it('has the whole of one that ends', async () => {
    expect((await get('/')).body.toString()).toBe('whole')
  })

  it('says that nothing came', async () => {
    await expect(get('/silent')).rejects.toThrow('nothing came within 0.15 s')
  })
})
