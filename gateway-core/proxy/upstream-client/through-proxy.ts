import type { UpstreamCall, UpstreamSink } from './call.ts'

/**
 * How requests without TLS go through an outbound proxy: in absolute form (RFC 9112 §3.2.2). CONNECT is for TLS, and
 * company proxies refuse it for other ports than that of HTTPS.
 */
export interface ProxyForm {
  /** `http://host:port` of the upstream. */
  readonly origin: string
  /** Value of Proxy-Authorization, where the proxy's URL has a name. */
  readonly authorization: string | undefined
}

export function proxyForm(through: string, origin: string): ProxyForm {
  return { origin, authorization: proxyAuthorization(new URL(through)) }
}

/** Basic credentials (RFC 7617) of a proxy's URL. */
export function proxyAuthorization({ username, password }: URL): string | undefined {
  if (username === '') return undefined
  const word = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return `Basic ${Buffer.from(word).toString('base64')}`
}

/** The call as the proxy gets it. */
export function inProxyForm(call: UpstreamCall, { origin, authorization }: ProxyForm): UpstreamCall {
  const { path, headers } = call
  return {
    ...call,
    path: path === '*' ? origin : origin + path,
    headers: authorization === undefined ? headers : [...headers, 'Proxy-Authorization', authorization],
  }
}

/** Takes what the proxy itself asks for as a failure: the client never asked that proxy for anything. */
export function pastProxy(sink: UpstreamSink): UpstreamSink {
  let refused = false
  return {
    onContinue: () => sink.onContinue?.(),
    onHead(status, headers, resume, reason) {
      if (status !== 407) return sink.onHead(status, headers, resume, reason)
      refused = true
      const why = 'the outbound proxy answered 407 (it wants a name and a password)'
      sink.onFailure({ code: 'UPSTREAM_UNREACHABLE', reason: why, sent: true })
      return true
    },
    onData: (chunk) => refused || sink.onData(chunk),
    onEnd: (trailers) => !refused && sink.onEnd(trailers),
    onFailure: (failure) => !refused && sink.onFailure(failure),
  }
}
