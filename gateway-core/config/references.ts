import { closest, didYouMean } from './closest.ts'
import type { WorkspaceFiles } from './files.ts'
import { type Container, escapeKey } from './origins.ts'
import type { Problems } from './problems.ts'
import { openSecret, readSecrets, secretsFile } from './secrets.ts'
import type { WorkspaceKey } from './workspace-key.ts'

const reference = /\$\$\{|\$\{([^}]*)\}|\$\{(?=(?:env|file|secret):).*/gs
const kinds = ['env', 'file', 'secret'] as const
const laterKinds = ['vault', 'aws-sm', 'azure-kv', 'gcp-sm']

type Resolved =
  | { value: string }
  | { code: 'SECRET_MISSING' | 'UNKNOWN_REFERENCE'; message: string; suggestion?: string }

/**
 * Resolves `${env:NAME}`, `${file:path}` and `${secret:name}` inside strings. What a reference gave is remembered, so
 * that no problem and no message repeats it; `$${` stands for a literal `${`.
 */
export class References {
  readonly #files: WorkspaceFiles
  readonly #env: Readonly<Record<string, string | undefined>>
  readonly #key: () => WorkspaceKey
  readonly #problems: Problems
  readonly #secretOf: ((name: string) => string) | undefined
  readonly #written = new WeakMap<Container, Map<string, string>>()
  /** Secrets that stand in a file in clear, as they were met: what keeps files seals them. */
  readonly inClear = new Set<string>()
  readonly #values = new Map<string, string>()
  #secrets: Map<string, string> | undefined

  constructor(
    files: WorkspaceFiles,
    env: Readonly<Record<string, string | undefined>>,
    key: () => WorkspaceKey,
    problems: Problems,
    secretOf?: (name: string) => string,
  ) {
    this.#secretOf = secretOf
    this.#files = files
    this.#env = env
    this.#key = key
    this.#problems = problems
    problems.redact = (text) => this.redact(text)
  }

  /** Replaces the references in all strings under a mapping or list, in place. */
  resolveIn(container: Container): void {
    for (const [key, entry] of Object.entries(container)) {
      if (typeof entry === 'object' && entry !== null) this.resolveIn(entry as Container)
      if (typeof entry !== 'string' || !entry.includes('${')) continue
      const value = this.#resolveText(entry, container, key)
      if (value === entry) continue
      ;(container as Record<string, unknown>)[key] = value
      let written = this.#written.get(container)
      if (!written) this.#written.set(container, (written = new Map()))
      written.set(key, entry)
    }
  }

  /** The text with references as it was written, where the value of this entry came from one. */
  written(container: Container, key: string | number): string | undefined {
    return this.#written.get(container)?.get(String(key))
  }

  /** Whether anything under this mapping or list came from a reference. */
  usedIn(container: Container): boolean {
    if (this.#written.has(container)) return true
    return Object.values(container).some(
      (entry) => typeof entry === 'object' && entry !== null && this.usedIn(entry as Container),
    )
  }

  /** Replaces resolved values in a text by the references that gave them. */
  redact(text: string): string {
    let redacted = text
    const longestFirst = [...this.#values].sort(([a], [b]) => b.length - a.length)
    for (const [value, written] of longestFirst) {
      if (redacted.includes(value)) redacted = redacted.replaceAll(value, () => written)
    }
    return redacted
  }

  #resolveText(text: string, container: Container, key: string): string {
    let unresolved = false
    const value = text.replaceAll(reference, (whole, inner: string | undefined) => {
      if (whole === '$${') return '${'
      if (inner === undefined) {
        const message = `the reference ${whole.slice(0, 40)} does not end`
        const finding = { code: 'UNKNOWN_REFERENCE', message, suggestion: 'close it with }' } as const
        this.#problems.at(container, `/${escapeKey(key)}`, finding)
        unresolved = true
        return whole
      }
      const resolved = this.#resolve(inner)
      if ('value' in resolved) {
        // One or two characters are no secret, and hiding them would garble every message.
        if (resolved.value.length > 2) this.#values.set(resolved.value, whole)
        return resolved.value
      }
      this.#problems.at(container, `/${escapeKey(key)}`, resolved)
      unresolved = true
      return whole
    })
    if (unresolved) this.#problems.settle(container, `/${escapeKey(key)}`)
    return value
  }

  #resolve(inner: string): Resolved {
    const colon = inner.indexOf(':')
    const kind = colon === -1 ? inner : inner.slice(0, colon)
    const name = inner.slice(colon + 1).trim()
    if (colon === -1) {
      const suggestion = `write \${env:${inner}} for a variable, or $\${${inner}} for the text itself`
      return { code: 'UNKNOWN_REFERENCE', message: `the reference \${${inner}} does not say where to look`, suggestion }
    }
    if (name === '' && kinds.some((one) => one === kind)) {
      const message = `the reference \${${inner}} names nothing`
      return { code: 'UNKNOWN_REFERENCE', message, suggestion: `write \${${kind}:name}` }
    }
    if (kind === 'env') return this.#variable(name)
    if (kind === 'file') return this.#file(name)
    if (kind === 'secret') return this.#secret(name)
    if (laterKinds.includes(kind)) {
      const message = `references of the kind "${kind}" are not supported yet`
      return { code: 'UNKNOWN_REFERENCE', message, suggestion: 'use ${env:…}, ${file:…} or ${secret:…}' }
    }
    const suggestion = didYouMean(kind, kinds, 'there are')
    return { code: 'UNKNOWN_REFERENCE', message: `there is no kind of reference "${kind}"`, suggestion }
  }

  #variable(name: string): Resolved {
    const value = this.#env[name]
    if (value !== undefined) return { value }
    if (this.#secretOf) return { value: this.#secretOf(`env:${name}`) }
    const suggestion = `set it before starting: export ${name}=…`
    return { code: 'SECRET_MISSING', message: `the environment variable ${name} is not set`, suggestion }
  }

  #file(path: string): Resolved {
    const text = this.#files.secretText(path, (content) => this.#key().tag(content))
    if (text !== undefined) return { value: text.replace(/\r?\n$/, '') }
    return {
      code: 'SECRET_MISSING',
      message: `the file ${path} ${this.#files.troubleWith(path)}`,
      suggestion: 'paths start at the workspace',
    }
  }

  #secret(name: string): Resolved {
    if (this.#secretOf) return { value: this.#secretOf(name) }
    const secrets = (this.#secrets ??= this.#readSecrets())
    const reading = openSecret(secrets, name, this.#key())
    if ('value' in reading) return reading
    if (reading.missing === 'name') {
      const known = [...secrets.keys()]
      const meant = closest(name, known)
      const suggestion = meant ? `did you mean "${meant}"?` : `set it: gatehouse secret set ${name}`
      return { code: 'SECRET_MISSING', message: `there is no secret "${name}"`, suggestion }
    }
    const message = `the workspace key does not open the secret "${name}"`
    const suggestion = 'set GATEHOUSE_KEY to the key it was made with, or set the secret again'
    return { code: 'SECRET_MISSING', message, suggestion }
  }

  #readSecrets(): Map<string, string> {
    const text = this.#files.text(secretsFile)
    if (text === undefined) return new Map()
    try {
      return readSecrets(text)
    } catch (error) {
      const message = `${secretsFile} cannot be used: ${(error as Error).message}`
      this.#problems.add({ file: secretsFile, line: 1, column: 1 }, { code: 'SECRET_MISSING', message })
      return new Map()
    }
  }
}
