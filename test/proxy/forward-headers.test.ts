import { describe, expect, test } from 'vitest'
import { clientHeaders, rewriteBack, upstreamHeaders } from '../../gateway-core/proxy/forward-headers.ts'

const facts = {
  peer: '10.0.0.9',
  trusted: false,
  scheme: 'https' as const,
  authority: 'shop.example',
  host: '127.0.0.1:9001',
  httpVersion: '1.1',
}

function lines(raw: readonly string[]): string[] {
  const out: string[] = []
  for (let at = 0; at < raw.length; at += 2) out.push(`${raw[at]}: ${raw[at + 1]}`)
  return out
}

function raw(text: string): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    })
}

const added = [
  'X-Forwarded-For: 10.0.0.9',
  'X-Forwarded-Proto: https',
  'X-Forwarded-Host: shop.example',
  'Via: 1.1 gatehouse',
]

describe('headers to the upstream', () => {
  test('keeps order, case and duplicates; sets Host; adds forwarding fields and Via', () => {
    const sent = upstreamHeaders(raw('Host: shop.example\nX-ODD-case: a\nAccept: x\nX-ODD-case: b'), facts)
    expect(lines(sent)).toEqual(['Host: 127.0.0.1:9001', 'X-ODD-case: a', 'Accept: x', 'X-ODD-case: b', ...added])
  })

  test('drops hop-by-hop fields and those that Connection names (RFC 9110 §7.6.1)', () => {
    const sent = upstreamHeaders(
      raw(
        'Connection: X-Secret-Hop, close\nX-Secret-Hop: 1\nKeep-Alive: 5\nProxy-Authorization: x\nTE: trailers\nUpgrade: h2c\nHTTP2-Settings: x\nTransfer-Encoding: chunked\nA: b',
      ),
      facts,
    )
    expect(lines(sent)).toEqual(['Host: 127.0.0.1:9001', 'A: b', ...added])
  })

  test('drops Proxy, which servers behind CGI take for the proxy to use (httpoxy)', () => {
    const sent = upstreamHeaders(raw('Proxy: http://evil.example\npROXY: x\nProxy-Status: y\nA: b'), facts)
    expect(lines(sent)).toEqual(['Host: 127.0.0.1:9001', 'Proxy-Status: y', 'A: b', ...added])
  })

  test('strips forwarding fields of a peer that nobody trusts', () => {
    const sent = upstreamHeaders(
      raw('X-Forwarded-For: 1.2.3.4\nForwarded: for=1.2.3.4\nX-Real-IP: 1.2.3.4\nX-Forwarded-Proto: http'),
      facts,
    )
    expect(lines(sent)).toEqual(['Host: 127.0.0.1:9001', ...added])
  })

  test('adds to the forwarding fields of a trusted proxy', () => {
    const sent = upstreamHeaders(
      raw('X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: http\nX-Forwarded-Host: a.example\nVia: 1.0 edge'),
      { ...facts, trusted: true },
    )
    expect(lines(sent)).toEqual([
      'Host: 127.0.0.1:9001',
      'X-Forwarded-Proto: http',
      'X-Forwarded-Host: a.example',
      'X-Forwarded-For: 1.2.3.4, 10.0.0.9',
      'Via: 1.0 edge, 1.1 gatehouse',
    ])
  })
})

test('headers to the client lose hop-by-hop fields and gain Via', () => {
  const sent = clientHeaders(
    raw(
      'Date: now\nConnection: keep-alive\nKeep-Alive: 5\nTransfer-Encoding: chunked\nSet-Cookie: a=1\nSet-Cookie: b=2',
    ),
  )
  expect(lines(sent)).toEqual(['Date: now', 'Set-Cookie: a=1', 'Set-Cookie: b=2', 'Via: 1.1 gatehouse'])
})

describe('Location and cookies are translated back', () => {
  const mounting = {
    upstreamOrigin: 'http://127.0.0.1:9001',
    upstreamPrefix: '/v1',
    clientPrefix: '/shop',
    clientOrigin: 'https://shop.example',
  }
  test.each([
    ['Location', 'http://127.0.0.1:9001/v1/books/3?x=1', 'https://shop.example/shop/books/3?x=1'],
    ['Location', '/v1/books/3', '/shop/books/3'],
    ['Location', '/v1', '/shop'],
    ['Location', '/v1x/books', '/v1x/books'],
    ['Location', 'http://127.0.0.1:90011/v1/books', 'http://127.0.0.1:90011/v1/books'],
    ['Location', 'https://elsewhere.example/v1/books', 'https://elsewhere.example/v1/books'],
    ['Location', '//elsewhere.example/v1', '//elsewhere.example/v1'],
    ['Content-Location', '/v1/books/3', '/shop/books/3'],
    ['Set-Cookie', 'sid=1; Path=/v1; HttpOnly', 'sid=1; Path=/shop; HttpOnly'],
    ['Set-Cookie', 'sid=1; Domain=127.0.0.1; Path=/v1/a', 'sid=1; Path=/shop/a'],
    ['Set-Cookie', 'sid=1; Domain=shop.example', 'sid=1; Domain=shop.example'],
  ])('%s: %s → %s', (name, value, expected) => {
    const headers = [name, value]
    rewriteBack(headers, mounting)
    expect(headers).toEqual([name, expected])
  })
})
