import type { BrokenParts } from './broken-parts.ts'
import { parseUpstreamUrl } from './addresses.ts'
import type { WorkspaceFiles } from './files.ts'
import { escapeKey } from './origins.ts'
import { reportHalfPair, reportUnusable } from './pem-pair.ts'
import type { Finding, Problems } from './problems.ts'
import type { References } from './references.ts'
import { parseDuration } from './units.ts'
import type { Upstream, UpstreamTarget, UpstreamTls } from './workspace.ts'
import type { WorkspaceKey } from './workspace-key.ts'

type Mapping = Record<string, unknown>

interface Around {
  broken: BrokenParts
  problems: Problems
  files: WorkspaceFiles
  references: References
  key: WorkspaceKey
}

/** The servers behind the gateway, by name. */
export function upstreamsOf(root: Mapping, around: Around): Map<string, Upstream> {
  const upstreams = new Map<string, Upstream>()
  for (const [name, written] of Object.entries((root['upstreams'] ?? {}) as Mapping)) {
    const pointer = `/upstreams/${escapeKey(name)}`
    // A broken one stays known, so that routes that name it are not reported too.
    const usable = around.broken.has(pointer) ? { url: 'http://unknown' } : written
    const reader = new UpstreamReader(root, pointer, around)
    upstreams.set(name, reader.read(name, typeof usable === 'string' ? { url: usable } : (usable as Mapping), usable))
  }
  return upstreams
}

class UpstreamReader {
  readonly #root: Mapping
  readonly #base: string
  readonly #around: Around

  constructor(root: Mapping, base: string, around: Around) {
    this.#root = root
    this.#base = base
    this.#around = around
  }

  read(name: string, upstream: Mapping, written: unknown): Upstream {
    const health = upstream['health'] as Mapping | undefined
    return {
      name,
      targets: this.#targets(upstream, typeof written === 'string'),
      timeoutMs: this.#ms('timeout', upstream['timeout'] ?? '30s'),
      connectTimeoutMs: this.#ms('connectTimeout', upstream['connectTimeout'] ?? '5s'),
      tls: this.#tls((upstream['tls'] ?? {}) as Mapping),
      health: health && {
        path: String(health['path']),
        intervalMs: this.#ms('health/interval', health['interval'] ?? '10s'),
      },
      position: this.#around.problems.position(this.#root, this.#base, 'key'),
    }
  }

  #targets(upstream: Mapping, shorthand: boolean): UpstreamTarget[] {
    const targets = upstream['targets'] as (string | { url: string; weight?: number })[] | undefined
    const url = upstream['url'] as string | undefined
    if ((targets === undefined) === (url === undefined)) {
      const both = targets !== undefined
      const message = both ? 'an upstream has either "url" or "targets"' : 'an upstream needs "url" or "targets"'
      const suggestion = both ? 'keep one of them' : 'write it like: url: http://127.0.0.1:9001'
      this.#problem('', both ? 'BAD_VALUE' : 'MISSING_KEY', message, suggestion, 'key')
      return []
    }
    if (url !== undefined) return this.#target(url, shorthand ? '' : '/url', 100)
    return targets!.flatMap((target, at) =>
      typeof target === 'string'
        ? this.#target(target, `/targets/${at}`, 100)
        : this.#target(target.url, `/targets/${at}/url`, target.weight ?? 100),
    )
  }

  #target(text: string, pointer: string, weight: number): UpstreamTarget[] {
    const url = parseUpstreamUrl(text)
    if (url instanceof URL) return [{ url, weight }]
    const shown = /@/.test(text) ? 'this URL' : `"${text}"`
    this.#problem(pointer, 'BAD_ADDRESS', `${shown} ${url.wrong}`, url.suggestion)
    return []
  }

  #ms(key: string, value: unknown): number {
    const ms = parseDuration(value as string)
    if (ms !== undefined && ms > 0) return ms
    const message =
      ms === 0 ? `"${key}" has to be more than 0` : `"${key}" has to be a duration such as 500ms, 10s or 1m`
    this.#problem(`/${key}`, 'BAD_DURATION', message, `write it like: ${key.split('/').at(-1)}: 10s`)
    return 0
  }

  #tls(tls: Mapping): UpstreamTls {
    if (tls['verify'] === false) {
      const suggestion = 'trust its CA with tls: { ca: ca.pem } instead'
      const message = 'any certificate of this upstream is accepted: whoever stands between can read and change all'
      this.#problem('/tls/verify', 'UNSAFE', message, suggestion, 'value', 'warning')
    }
    const report = (key: string, { code, message, suggestion, part }: Finding) =>
      this.#problem(`/tls/${key}`, code as 'BAD_VALUE', message, suggestion, part)
    reportHalfPair(tls, report)
    const pems = {
      ca: this.#pem(tls, 'ca'),
      certificate: this.#pem(tls, 'certificate'),
      key: this.#pem(tls, 'key'),
    }
    reportUnusable(pems, report)
    return {
      verify: tls['verify'] !== false,
      ...pems,
      serverName: tls['serverName'] as string | undefined,
    }
  }

  /** PEM text is taken as it is, anything else is the path of a file with it. */
  #pem(tls: Mapping, key: string): string | undefined {
    const written = tls[key] as string | undefined
    if (written === undefined) return undefined
    const { files, references } = this.#around
    if (written.includes('-----BEGIN')) {
      const inClear = key === 'key' && references.written(tls, key) === undefined
      if (inClear) {
        references.inClear.add(written)
        const suggestion = 'put it into a file and write key: ${file:client.key}'
        this.#problem(
          `/tls/key`,
          'SECRET_IN_CLEAR',
          'this private key stands here in clear',
          suggestion,
          'value',
          'warning',
        )
      }
      return written
    }
    const text = key === 'key' ? files.secretText(written, (one) => this.#around.key.tag(one)) : files.text(written)
    if (text?.includes('-----BEGIN')) return text
    const message =
      text === undefined ? `the file ${written} ${files.troubleWith(written)}` : `the file ${written} is not PEM`
    this.#problem(`/tls/${key}`, 'FILE_MISSING', message, 'paths start at the workspace')
    return undefined
  }

  #problem(
    pointer: string,
    code: 'BAD_ADDRESS' | 'BAD_DURATION' | 'BAD_VALUE' | 'FILE_MISSING' | 'MISSING_KEY' | 'SECRET_IN_CLEAR' | 'UNSAFE',
    message: string,
    suggestion?: string,
    part: 'key' | 'value' = 'value',
    severity: 'error' | 'warning' = 'error',
  ): void {
    this.#around.problems.at(this.#root, this.#base + pointer, { code, message, suggestion, part, severity })
  }
}
