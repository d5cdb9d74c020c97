import { isPair, isScalar, parseDocument, type Scalar, visit } from 'yaml'
import { isCredentialMember } from '../capture/credential-names.ts'
import { isMarker, tagsIn } from '../capture/markers.ts'

/** Where the values of references come from when a case is written. */
export interface ReferenceValues {
  secret(name: string): string | undefined
  env(name: string): string | undefined
  file(path: string): string | undefined
  tag(value: string): string
}

/** Files without their secrets. */
export interface RedactedFiles {
  files: Record<string, string>
  /** Tag of each secret, by the name that the files now refer to. */
  secrets: Record<string, string>
  /** The secrets in clear, so that the rest can be searched for them. */
  values: string[]
}

const reference = /\$\$\{|\$\{(secret|env|file):([^}]*)\}/g

/**
 * Takes the secrets out of the files of a revision: those in clear become references, those of variables and files too,
 * and of each only its tag stays. What is no secret is written out, so that the files mean the same elsewhere.
 */
export function redactFiles(files: ReadonlyMap<string, string>, values: ReferenceValues): RedactedFiles {
  const redacted: RedactedFiles = { files: {}, secrets: {}, values: [] }
  for (const [path, text] of files) {
    const isYaml = /\.ya?ml$/.test(path) && !path.startsWith('openapi/')
    redacted.files[path] = isYaml ? redactYaml(text, values, redacted) : text
  }
  return redacted
}

function redactYaml(text: string, values: ReferenceValues, redacted: RedactedFiles): string {
  const edits: { start: number; end: number; text: string }[] = []
  visit(parseDocument(text), {
    Scalar(key, node, path) {
      if (key === 'key' || typeof node.value !== 'string' || !node.range) return
      const written = redactScalar(node.value, isCredential(path, node), values, redacted)
      if (written !== node.value)
        edits.push({ start: node.range[0], end: node.range[1], text: JSON.stringify(written) })
    },
  })
  // From the end on, so that places before stay where they are.
  return edits
    .sort((a, b) => b.start - a.start)
    .reduce((whole, edit) => {
      const old = whole.slice(edit.start, edit.end)
      // Lines keep their numbers: positions in the trace point at them.
      const lines = '\n'.repeat(old.split('\n').length - 1)
      return whole.slice(0, edit.start) + edit.text + lines + whole.slice(edit.end)
    }, text)
}

function redactScalar(text: string, credential: boolean, values: ReferenceValues, redacted: RedactedFiles): string {
  if (!text.includes('${')) {
    if (!credential || text === '') return text
    // Sealed already, and not to be opened any more: its tag stands in its place.
    const [sealed] = isMarker(text) ? tagsIn(text) : []
    if (sealed !== undefined) {
      redacted.secrets[`clear-${sealed}`] = sealed
      return `\${secret:clear-${sealed}}`
    }
    return secretReference(`clear-${values.tag(text)}`, text, values, redacted)
  }
  return text.replaceAll(reference, (whole, kind: string | undefined, given: string | undefined) => {
    if (kind === undefined) return whole
    const name = given!.trim()
    if (kind === 'secret') {
      const value = values.secret(name)
      if (value !== undefined) keep(name, value, values, redacted)
      return whole
    }
    const value = kind === 'env' ? values.env(name) : values.file(name)?.replace(/\r?\n$/, '')
    if (value === undefined) return whole
    const secret = credential || /PRIVATE KEY/.test(value)
    if (secret) return secretReference(`${kind}-${name.replaceAll(/[^\w.-]/g, '_')}`, value, values, redacted)
    return value.replaceAll('${', () => '$${')
  })
}

function secretReference(name: string, value: string, values: ReferenceValues, redacted: RedactedFiles): string {
  keep(name, value, values, redacted)
  return `\${secret:${name}}`
}

function keep(name: string, value: string, values: ReferenceValues, redacted: RedactedFiles): void {
  redacted.secrets[name] = values.tag(value)
  if (value.length >= 6) redacted.values.push(value)
}

/** A value under a credential's name, or a key of a consumer. */
function isCredential(path: readonly unknown[], _node: Scalar): boolean {
  const names = path.flatMap((one) => (isPair(one) && isScalar(one.key) ? [String(one.key.value)] : []))
  const own = names.at(-1) ?? ''
  return isCredentialMember(own) || (own === 'keys' && names.includes('consumers'))
}
