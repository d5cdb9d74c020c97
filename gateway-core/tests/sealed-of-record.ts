import { hasMarker } from '../capture/markers.ts'
import type { ExchangeRecord } from '../capture/record.ts'
import type { TokenReading } from '../pipeline/facts.ts'
import type { ConsumerEntry } from '../pipeline/policy.ts'

type Jws = Extract<TokenReading, { form: 'jws' }>

/** A text of a record with its sealed credentials named: `Bearer ${token:caller}`, `${consumer:app}`. */
export interface NamedSecrets {
  readonly text: string
  readonly scheme?: string
  readonly token?: { reading: Jws; valid: boolean }
}

export interface SecretsOfRecord {
  inHeader(name: string, value: string): NamedSecrets
  inQuery(target: string): NamedSecrets
}

const sealed = /⟦sealed:[\w-]+:\d+⟧/

/** Says what the sealed credentials of a record were, by the facts that were asked of them; nothing is opened. */
export function secretsOfRecord(record: ExchangeRecord, consumers: readonly ConsumerEntry[]): SecretsOfRecord {
  const facts = new Map(record.facts.map(({ key, answer }) => [key, answer]))
  const tokenAt = (place: string): NamedSecrets['token'] => {
    for (const [key, answer] of facts) {
      if (!key.startsWith(`token|${place}|`) || !('value' in answer)) continue
      const reading = answer.value as TokenReading
      if (reading.form === 'jws') return { reading, valid: isValid(place) }
    }
    return undefined
  }
  const isValid = (place: string) => {
    for (const [key, answer] of facts) {
      if (key.startsWith(`signature|${place}|`) && 'value' in answer) return (answer.value as { valid: boolean }).valid
    }
    return true
  }
  let unknown = 0
  const keyAt = (place: string): string | undefined => {
    const answer = facts.get(`tag|${place}`)
    const tag = answer && 'value' in answer ? (answer.value as string | null) : null
    if (tag === null) return undefined
    const owner = consumers.find(({ keyTags }) => keyTags.includes(tag))
    return owner ? `\${consumer:${owner.name}}` : `unknown-key-${++unknown}`
  }
  const at = (place: string, text: string): NamedSecrets => {
    const token = tokenAt(place)
    if (token) return { text: text.replace(sealed, '${token:caller}'), token }
    const key = keyAt(place)
    return { text: key === undefined ? text : text.replace(sealed, key) }
  }
  return {
    inHeader(name, value) {
      if (!hasMarker(value)) return { text: value }
      if (name === 'cookie')
        return pairs(value, /([^=;\s]+)=(⟦sealed:[\w-]+:\d+⟧)/g, (cookie) => `cookie:${cookie}`, at)
      const scheme = /^(\S+) ⟦sealed:[\w-]+:\d+⟧$/.exec(value)?.[1]
      const named = at(`header:${name}`, value)
      return scheme === undefined ? named : { ...named, scheme }
    },
    inQuery(target) {
      if (!hasMarker(target)) return { text: target }
      return pairs(target, /(?<=[?&;])([^=&;]+)=(⟦sealed:[\w-]+:\d+⟧)/g, (name) => `query:${decoded(name)}`, at)
    },
  }
}

function pairs(
  text: string,
  pattern: RegExp,
  placeOf: (name: string) => string,
  at: (place: string, text: string) => NamedSecrets,
): NamedSecrets {
  let token: NamedSecrets['token']
  const named = text.replaceAll(pattern, (_, name: string, marker: string) => {
    const value = at(placeOf(name), marker)
    token ??= value.token
    return `${name}=${value.text}`
  })
  return token ? { text: named, token } : { text: named }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch {
    return name
  }
}
