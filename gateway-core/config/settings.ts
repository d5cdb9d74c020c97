import type { Place } from '../exchange.ts'
import type { ConsumerEntry } from '../pipeline/policy.ts'
import type { BrokenParts } from './broken-parts.ts'
import { isNetwork, notANetwork, wideNetwork } from '../networks.ts'
import { parseListenAddress } from './addresses.ts'
import type { WorkspaceFiles } from './files.ts'
import { reportHalfPair, reportUnusable } from './pem-pair.ts'
import type { Finding, Problems } from './problems.ts'
import type { References } from './references.ts'
import { parseDuration, parseSize } from './units.ts'
import type { WorkspaceKey } from './workspace-key.ts'
import { proxyListenOf } from './proxy-listen.ts'
import type { CaptureSettings, HttpsListen, Limits, Listen, ListenAddress } from './workspace.ts'

type Mapping = Record<string, unknown>

/** A mapping of settings with readers that report what they cannot read. */
class Settings {
  readonly #values: Mapping
  readonly #root: Mapping
  readonly #base: string
  readonly #problems: Problems

  constructor(root: Mapping, key: string, problems: Problems) {
    this.#root = root
    this.#base = `/${key}`
    this.#values = (root[key] ?? {}) as Mapping
    this.#problems = problems
  }

  /** Nothing works in no time at all. */
  ms(key: string, least: 0 | 1 = 1): number {
    return this.#read(key, parseDuration, 'a duration such as 500ms, 10s or 1m', least)
  }

  bytes(key: string, least: 0 | 1 = 1): number {
    return this.#read(key, parseSize, 'a size such as 512, 10kb or 1mb', least)
  }

  value(key: string): unknown {
    return this.#values[key]
  }

  #read(key: string, parse: (text: string) => number | undefined, wanted: string, least: 0 | 1): number {
    const value = parse(this.#values[key] as string)
    if (value !== undefined && (value > 0 || least === 0)) return value
    const message = value === undefined ? `"${key}" has to be ${wanted}` : `"${key}" has to be more than 0`
    const suggestion = `write ${wanted}`
    this.#problems.at(this.#root, `${this.#base}/${key}`, { code: 'BAD_DURATION', message, suggestion })
    return 0
  }
}

/** Limits of the gateway, from a root with defaults filled in. */
export function limitsOf(root: Mapping, problems: Problems): Limits {
  const settings = new Settings(root, 'limits', problems)
  return {
    headerBytes: settings.bytes('headerBytes'),
    headerCount: settings.value('headerCount') as number,
    bodyBytes: settings.value('bodyBytes') === undefined ? undefined : settings.bytes('bodyBytes', 0),
    headersMs: settings.ms('headersTimeout'),
    idleMs: settings.ms('idleTimeout'),
    keepAliveMs: settings.ms('keepAliveTimeout'),
    connections: settings.value('connections') as number,
    bufferBytes: settings.bytes('bufferBytes'),
  }
}

/** What is recorded, from a root with defaults filled in. */
export function captureOf(root: Mapping, problems: Problems): CaptureSettings {
  const settings = new Settings(root, 'capture', problems)
  const seal = (settings.value('seal') as readonly string[]).flatMap((text, at) => {
    const place = parsePlace(text)
    if (place) return [place]
    const message = `"${text}" is not a place of an exchange`
    const suggestion = 'write it like: header:x-token, query:key, cookie:sid or body:/a/b'
    problems.at(root, `/capture/seal/${at}`, { code: 'BAD_VALUE', message, suggestion })
    return []
  })
  return {
    enabled: settings.value('enabled') as boolean,
    bodyBytes: settings.bytes('bodyBytes', 0),
    maxExchanges: settings.value('maxExchanges') as number,
    maxBytes: settings.bytes('maxBytes'),
    secretsMs: settings.ms('keepSecrets', 0),
    seal,
  }
}

/** Reads `header:x-token`, `query:key`, `cookie:sid`, `path:id` or `body:/a/b`. */
function parsePlace(text: string): Place | undefined {
  const match = /^(header|query|cookie|path|body):(.+)$/.exec(text)
  if (!match) return undefined
  const [, kind, rest] = match as unknown as [string, 'header' | 'query' | 'cookie' | 'path' | 'body', string]
  if (kind === 'body') return rest.startsWith('/') ? { in: 'body', pointer: rest } : undefined
  return { in: kind, name: kind === 'header' ? rest.toLowerCase() : rest }
}

/** Where to listen; 127.0.0.1:8080 when the workspace does not say. */
export function listenOf(root: Mapping, problems: Problems, files: WorkspaceFiles, key: WorkspaceKey): Listen {
  const listen = root['listen'] as Mapping | undefined
  if (!listen) return { http: { host: '127.0.0.1', port: 8080 }, https: undefined }
  const address = (key: string): ListenAddress | undefined => {
    const written = listen[key]
    if (written === undefined) return undefined
    const nested = typeof written === 'object'
    const text = (nested ? (written as Mapping)['address'] : written) as string | number
    const parsed = parseListenAddress(text)
    if (parsed) return parsed
    const pointer = `/listen/${key}${nested ? '/address' : ''}`
    const message = `"${text}" is not an address to listen on`
    problems.at(root, pointer, { code: 'BAD_ADDRESS', message, suggestion: 'write it like: 127.0.0.1:8080' })
    return undefined
  }
  const secure = address('https')
  const pems: Partial<Record<'certificate' | 'key' | 'clientCa', string>> = {}
  const pem = (name: 'certificate' | 'key' | 'clientCa') => {
    const path = (listen['https'] as Mapping | undefined)?.[name]
    if (typeof path !== 'string') return
    // Read here so that a missing file is told now, and a renewed one is seen by who watches.
    const text = name === 'key' ? files.secretText(path, (one) => key.tag(one)) : files.text(path)
    if (text?.includes('-----BEGIN')) {
      pems[name] = text
      return
    }
    const message = text === undefined ? `the file ${path} ${files.troubleWith(path)}` : `the file ${path} is not PEM`
    const suggestion = 'paths start at the workspace'
    problems.at(root, `/listen/https/${name}`, { code: 'FILE_MISSING', message, suggestion })
  }
  for (const name of ['certificate', 'key', 'clientCa'] as const) pem(name)
  const report = (key: string, finding: Finding) => problems.at(root, `/listen/https/${key}`, finding)
  reportHalfPair((listen['https'] ?? {}) as Mapping, report)
  reportUnusable(pems, report)
  const http = address('http')
  const proxy = address('proxy')
  warnSharedPort({ http, https: secure, proxy }, root, problems)
  const https = secure && httpsOf(secure, listen['https'])
  return proxy ? { http, https, proxy: proxyListenOf(proxy, root, problems, files) } : { http, https }
}

/** One port answers one listener. */
function warnSharedPort(
  listeners: Readonly<Record<string, ListenAddress | undefined>>,
  root: Mapping,
  problems: Problems,
): void {
  const taken = new Map<string, string>()
  for (const [name, address] of Object.entries(listeners)) {
    if (!address || address.port === 0) continue
    const place = `${address.host}:${address.port}`
    const other = taken.get(place)
    taken.set(place, name)
    if (other === undefined) continue
    const message = `${other} and ${name} cannot both listen on ${place}`
    problems.at(root, `/listen/${name}`, { code: 'BAD_ADDRESS', message, suggestion: 'give each its own port' })
  }
}

function httpsOf(address: ListenAddress, written: unknown): HttpsListen {
  const more = (typeof written === 'object' ? written : {}) as Partial<HttpsListen>
  return {
    ...address,
    certificate: more.certificate,
    key: more.key,
    clientCertificates: more.clientCertificates ?? 'none',
    clientCa: more.clientCa,
  }
}

/** Networks whose forwarding headers are believed. */
export function trustedProxiesOf(root: Mapping, problems: Problems): readonly string[] {
  const networks = root['trustedProxies'] as readonly string[]
  for (const [at, text] of networks.entries()) {
    const wide = wideNetwork(text)
    if (wide) {
      const [message, suggestion] = wide
      problems.at(root, `/trustedProxies/${at}`, { code: 'UNSAFE', severity: 'warning', message, suggestion })
    }
    if (isNetwork(text)) continue
    const [message, suggestion] = notANetwork(text)
    problems.at(root, `/trustedProxies/${at}`, { code: 'BAD_ADDRESS', message, suggestion })
  }
  return networks
}

/** What reading consumers needs. */
export interface ConsumerSurroundings {
  readonly key: WorkspaceKey
  readonly references: References
  readonly problems: Problems
  readonly broken: BrokenParts
}

/** Who may call; keys become tags, so that they are in memory only while a workspace loads. */
export function consumersOf(root: Mapping, around: ConsumerSurroundings): ConsumerEntry[] {
  const { key, references, problems, broken } = around
  const names = new Map<string, number>()
  const owners = new Map<string, string>()
  const bySubject = new Map<string, string>()
  const consumers = (root['consumers'] ?? []) as readonly (Mapping & { name: string })[]
  return consumers.flatMap((consumer, at) => {
    if (broken.has(`/consumers/${at}`)) return []
    const { name } = consumer
    if (names.has(name)) {
      const message = `there are two consumers with the name "${name}"`
      problems.at(root, `/consumers/${at}/name`, { code: 'DUPLICATE_NAME', message, suggestion: 'keep one of them' })
    }
    names.set(name, at)
    const keys = consumer['keys'] as string[]
    const keyTags = keys.map((value, index) => {
      const pointer = `/consumers/${at}/keys/${index}`
      const tag = key.tag(value)
      const owner = owners.get(tag)
      if (owner !== undefined) {
        const message = `this key already belongs to the consumer "${owner}"`
        problems.at(root, pointer, {
          code: 'DUPLICATE_NAME',
          message,
          suggestion: 'give each consumer keys of its own',
        })
      }
      owners.set(tag, name)
      if (references.written(keys, index) === undefined) {
        references.inClear.add(value)
        const secret = `${name.replaceAll(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9_]+/, '') || 'consumer'}-key`
        const suggestion = `run: gatehouse secret set ${secret}, and write \${secret:${secret}} here`
        const message = 'this key stands here in clear'
        problems.at(root, pointer, { code: 'SECRET_IN_CLEAR', severity: 'warning', message, suggestion })
      }
      return tag
    })
    const subjects = consumer['subjects'] as string[]
    for (const [index, subject] of subjects.entries()) {
      const owner = bySubject.get(subject)
      bySubject.set(subject, name)
      if (owner === undefined || owner === name) continue
      const message = `tokens of "${subject}" already belong to the consumer "${owner}"`
      const suggestion = 'give each consumer subjects of its own'
      problems.at(root, `/consumers/${at}/subjects/${index}`, { code: 'DUPLICATE_NAME', message, suggestion })
    }
    return [{ name, groups: consumer['groups'] as string[], keyTags, subjects }]
  })
}
