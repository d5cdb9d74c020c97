import { once } from 'node:events'
import http from 'node:http'
import zlib from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { ask, gateway, upstream } from '../asking.ts'

const masked = `
upstreams: { up: UPSTREAM }
apis:
  - name: test
    policies:
      - data-mask: { fields: [/password], detect: [card] }
    routes:
      - { path: "/*", upstream: up }
`
const events = { accept: 'text/event-stream', 'accept-encoding': 'gzip' }

describe('server-sent events', () => {
  test('are masked one by one, each as soon as it is whole; what holds nothing passes byte for byte', async () => {
    let say: (text: string) => void = () => undefined
    const asked: (string | undefined)[] = []
    const up = await upstream((request, response) => {
      asked.push(request.headers['accept-encoding'])
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.flushHeaders()
      say = (text) => (text === '' ? response.end() : response.write(text))
    })
    const gate = await gateway(masked, up)
    const recorded = gate.next()
    const request = http.request(`${gate.url}/events`, { headers: events, agent: false }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    const next = async () => String((await once(response, 'data'))[0])
    say('id: 1\r\ndata: {"password":"hunter2"}\r\n\r\n')
    expect(await next()).toBe('id: 1\ndata: {"password":"[masked]"}\n\n')
    say(': comment\n\nda')
    expect(await next()).toBe(': comment\n\n')
    say('ta: plain\r\n\r\n')
    expect(await next()).toBe('data: plain\r\n\r\n')
    say('')
    await once(response, 'end')
    expect(asked).toEqual(['identity'])
    expect((await recorded)[0]).toMatchObject({ verdict: 'pass', status: 200 })
  })

  test.each(['gzip', 'deflate', 'br', 'zstd'] as const)(
    'that come as %s all the same are masked one by one',
    async (coding) => {
      const coders = {
        gzip: () => zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
        deflate: () => zlib.createDeflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
        br: () => zlib.createBrotliCompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
        zstd: () => zlib.createZstdCompress({ flush: zlib.constants.ZSTD_e_flush }),
      }
      const coder = coders[coding]()
      const up = await upstream((_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': coding })
        response.flushHeaders()
        coder.pipe(response)
      })
      const gate = await gateway(masked, up)
      const recorded = gate.next()
      const request = http.request(`${gate.url}/events`, { headers: events, agent: false }).end()
      const [response] = (await once(request, 'response')) as [http.IncomingMessage]
      expect(response.headers['content-encoding']).toBeUndefined()
      const next = async () => String((await once(response, 'data'))[0])
      coder.write('data: {"password":"hunter2"}\n\n')
      expect(await next()).toBe('data: {"password":"[masked]"}\n\n')
      coder.write('data: plain\n\n')
      expect(await next()).toBe('data: plain\n\n')
      coder.end('data: the last\n\n')
      expect(await next()).toBe('data: the last\n\n')
      await once(response, 'end')
      expect((await recorded)[0]).toMatchObject({ verdict: 'pass', status: 200 })
    },
  )

  test('whose coding is broken cut the stream', async () => {
    const up = await upstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
      response.write('this is no gzip, and long enough to tell')
    })
    const gate = await gateway(masked, up)
    const recorded = gate.next()
    await expect(ask(`${gate.url}/events`, { headers: events })).rejects.toThrow()
    expect((await recorded)[0]).toMatchObject({ verdict: 'failed', error: expect.stringContaining('content coding') })
  })

  test('in a coding that is not known are refused where a policy reads them', async () => {
    const up = await upstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'compress' })
      response.end('data: {"password":"hunter2"}\n\n')
    })
    const gate = await gateway(masked, up)
    const recorded = gate.next()
    expect((await ask(`${gate.url}/events`, { headers: events })).status).toBe(502)
    expect((await recorded)[0]).toMatchObject({ code: 'UPSTREAM_BAD_CODING' })
  })

  test('longer than the limit cut the stream', async () => {
    const up = await upstream((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: ${'x'.repeat(5000)}`)
    })
    const gate = await gateway(`limits: { bodyBytes: 1kb }\n${masked}`, up)
    const recorded = gate.next()
    await expect(ask(`${gate.url}/events`, { headers: events })).rejects.toThrow(/aborted|hang up|reset/)
    expect((await recorded)[0]).toMatchObject({ verdict: 'failed', error: expect.stringContaining('longer than') })
  })
})
