import { keysId, readPublicKeys, type Jwk } from '../config/public-keys.ts'
import { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Exchange } from '../exchange.ts'
import { createLiveFacts, type LiveFacts } from '../facts/live.ts'
import {
  type FactAnswer,
  factKey,
  type FactQuery,
  type FactSource,
  type KeySource,
  type Maybe,
  MissingFact,
} from '../pipeline/facts.ts'
import { readPlace } from '../pipeline/place.ts'
import type { Given } from './policy-test.ts'
import { consumerStandIn, testWorkspaceKey } from './stand-ins.ts'
import { publicTestKeys, testSecret } from './test-keys.ts'

const key = new WorkspaceKey(Buffer.from(testWorkspaceKey, 'base64'))
const asymmetric: KeySource = { id: 'test keys', keys: publicTestKeys }
const shared: KeySource = { id: 'test secret', keys: [testSecret as Jwk] }

/**
 * The world as a test gives it. Tokens are read and verified by the gateway's own code; of the keys of an issuer it is
 * only told which they are: those of the tests for tokens that a test made, those given for others. Nothing is fetched,
 * and what nobody gave is missing, by name.
 */
export class TestFacts implements FactSource {
  readonly #given: Given
  readonly #minted: ReadonlySet<string>
  readonly #known: LiveFacts

  constructor(workspace: Workspace, given: Given, minted: ReadonlySet<string>) {
    const tags = new Map(workspace.consumers.map(({ name, keyTags }) => [consumerStandIn(name), keyTags[0]]))
    this.#given = given
    this.#minted = minted
    this.#known = createLiveFacts({
      key: { tag: (value) => tags.get(value) ?? key.tag(value), random: (purpose) => key.random(purpose) },
      now: () => given.time,
    })
  }

  /** Throws MissingFact where the test gives no answer. */
  ask(query: FactQuery, exchange: Exchange): Maybe<FactAnswer<unknown>> {
    const name = factKey(query)
    const given = this.#given.facts.get(name)
    if (given) return given
    if (query.kind !== 'signature') return this.#known.ask(query, exchange)
    const keys = this.#keysFor(query, exchange)
    if (!keys) throw new MissingFact(name)
    return 'unavailable' in keys ? keys : this.#known.ask({ ...query, keys }, exchange)
  }

  #keysFor(
    query: Extract<FactQuery, { kind: 'signature' }>,
    exchange: Exchange,
  ): KeySource | { unavailable: string } | undefined {
    const set = this.#given.keySets.get(addressOf(query.keys)) ?? this.#given.keySets.get(query.keys.id)
    if (set && 'unavailable' in set) return set
    if (set) return fixedKeys(set.keys)
    const made = readPlace(exchange, query.place).every((value) => this.#minted.has(value.split(' ').at(-1)!))
    if (made) return query.algorithm.startsWith('HS') ? shared : asymmetric
    // Keys that stand in the workspace itself are no question to the world.
    return 'keys' in query.keys ? query.keys : undefined
  }
}

/** Issuer or address of a source of keys: what people call it. */
export function addressOf(keys: KeySource): string {
  return 'issuer' in keys ? keys.issuer : 'jwks' in keys ? keys.jwks : keys.id
}

function fixedKeys(written: readonly (string | Jwk)[]): KeySource {
  const keys = written.flatMap((one) => {
    const reading = readPublicKeys(one)
    return 'keys' in reading ? reading.keys : []
  })
  return { id: `keys:${keysId(keys)}`, keys }
}

/** What to write so that a missing fact is there. */
export function howToGive(missing: string): string {
  const [kind, , , source = ''] = missing.split('|')
  if (kind === 'signature') {
    const address = source.replace(/^(?:issuer|jwks):/, '').replace(/\|http$/, '')
    return `let the test make the token (request: { token: { issuer: … } }), or give its keys: given: { keySets: { ${JSON.stringify(address)}: { keys: [ … ] } } }`
  }
  return `give it: given: { facts: { ${JSON.stringify(missing)}: { value: … } } }`
}
