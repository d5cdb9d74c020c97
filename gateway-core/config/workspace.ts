import type { Place } from '../exchange.ts'
import type { Position } from '../pipeline/outcome.ts'
import type { Plan } from '../pipeline/plan.ts'
import type { ConsumerEntry } from '../pipeline/policy.ts'
import type { Rule } from './rules.ts'

/** A workspace as loaded: validated, references resolved, policies prepared. Immutable; a reload makes a new one. */
export interface Workspace {
  /** Absolute folder. */
  readonly folder: string
  readonly name: string
  /** Hash over every file read plus the engine's version: what an exchange was judged by. */
  readonly revision: string
  /** Active environment, when the workspace has environments. */
  readonly environment: string | undefined
  readonly listen: Listen
  readonly upstreams: ReadonlyMap<string, Upstream>
  readonly consumers: readonly ConsumerEntry[]
  readonly apis: readonly Api[]
  readonly routes: readonly Route[]
  /** Plan for requests without a route: the workspace's own policies. */
  readonly unrouted: Plan
  readonly limits: Limits
  readonly capture: CaptureSettings
  /** Networks (CIDR) whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[]
  /** What an exchange meets when a policy throws: `closed` denies, `open` lets pass. */
  readonly onError: 'closed' | 'open'
  /** Rules without code, in the order written. */
  readonly rules: readonly Rule[]
  /** Every file that was read: path relative to the folder, with its text or bytes' SHA-256. Blobs of the revision. */
  readonly files: readonly WorkspaceFile[]
  /** Secrets that stand in those files in clear, so that whatever keeps the files can seal them. */
  readonly secretsInClear: readonly string[]
}

export interface WorkspaceFile {
  path: string
  sha256: string
  /** Text of YAML and OpenAPI files; absent for secret files. */
  text?: string
}

export interface Listen {
  readonly http: ListenAddress | undefined
  readonly https: HttpsListen | undefined
  /** The forward proxy for one's own traffic; absent: off. */
  readonly proxy?: ProxyListen | undefined
}

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export interface HttpsListen extends ListenAddress {
  /** PEM files relative to the workspace; without them a certificate of the local CA is made on first use. */
  readonly certificate: string | undefined
  readonly key: string | undefined
  readonly clientCertificates: 'none' | 'optional' | 'required'
  /** PEM of the CAs that client certificates are checked against; the local CA when absent. */
  readonly clientCa: string | undefined
}

export interface ProxyListen extends ListenAddress {
  /** Hosts whose TLS is not opened: `name`, `*.name`, either with `:port`. Lower case. */
  readonly passThrough: readonly string[]
  /** PEM texts of CAs that servers may show certificates of, besides those of the system. */
  readonly trust: readonly string[]
}

export interface Upstream {
  readonly name: string
  readonly targets: readonly UpstreamTarget[]
  /** Milliseconds from the request sent to the response head; also between two body chunks. */
  readonly timeoutMs: number
  readonly connectTimeoutMs: number
  readonly tls: UpstreamTls
  readonly health: { readonly path: string; readonly intervalMs: number } | undefined
  readonly position: Position
}

export interface UpstreamTarget {
  /** Origin, optionally with a base path: `https://books.internal:8443/v1`. */
  readonly url: URL
  readonly weight: number
}

export interface UpstreamTls {
  readonly verify: boolean
  /** PEM text. */
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  readonly serverName: string | undefined
}

export interface Api {
  readonly name: string
  /** Path of the OpenAPI document relative to the workspace. */
  readonly openapi: string | undefined
  readonly position: Position
}

/** How a request is matched; everything given must match. */
export interface RouteMatch {
  /** Exact host, `*.example.com`, or an exact host with its port; empty: any. Lower case. */
  readonly hosts: readonly string[]
  readonly path: PathMatch
  /** Upper case; empty: any. A listed GET serves HEAD. */
  readonly methods: readonly string[]
  readonly headers: readonly ValueMatch[]
  readonly query: readonly ValueMatch[]
}

/** `template`: `/books/{id}` (one segment each); `prefix`: `/books/*` on segment boundaries; `expression`: RE2, anchored at both ends. */
export type PathMatch = { kind: 'template' | 'prefix' | 'expression'; value: string } | { kind: 'any' }

export interface ValueMatch {
  readonly name: string
  /** Exact value, RE2 expression, or neither: presence is enough. */
  readonly equals?: string
  readonly matches?: string
}

export interface Route {
  /** `api/path` or `api/name`: unique in the workspace. */
  readonly id: string
  readonly api: string
  readonly match: RouteMatch
  readonly upstream: string | undefined
  /** The matched prefix (or the literal start of the template) is removed before forwarding. */
  readonly stripPrefix: string | undefined
  /** Path template that replaces the path, with `{parameters}` of the match. */
  readonly rewrite: string | undefined
  readonly preserveHost: boolean
  readonly plan: Plan
  /** Place in the order written, for ties. */
  readonly order: number
  readonly position: Position
}

/** Sizes in bytes, times in milliseconds. */
export interface Limits {
  readonly headerBytes: number
  readonly headerCount: number
  /** Largest request body that is forwarded; undefined: no limit. */
  readonly bodyBytes: number | undefined
  /** Time for the whole header section, and the longest silence inside a body (slowloris). */
  readonly headersMs: number
  readonly idleMs: number
  readonly keepAliveMs: number
  readonly connections: number
  /** All bodies held for policies together. */
  readonly bufferBytes: number
}

export interface CaptureSettings {
  readonly enabled: boolean
  /** Bytes of each body that are kept; beyond it the hash and the length. */
  readonly bodyBytes: number
  readonly maxExchanges: number
  readonly maxBytes: number
  /** How long sealed values stay readable to the workspace's owner. */
  readonly secretsMs: number
  /** Further places to seal, besides credentials known to the protocol and to policies. */
  readonly seal: readonly Place[]
}
