import { type Context, decodeContext } from '../capture/decode-context.ts'
import { claimsIn, type Extra } from '../capture/layout.ts'
import { PartReader } from '../capture/part-reader.ts'
import type { CaptureDatabase } from '../capture/schema.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Claims } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'
import { CapturedMessages } from './captured-messages.ts'
import { type PartColumn, ReadAhead } from './read-ahead.ts'
import { type FactAnswers, readableFacts } from './recorded-exchange.ts'
import { RecordedHeaders } from './sealed-message.ts'
import { type StepTemplate, StepTemplates } from './step-template.ts'

interface Knowledge {
  facts: FactAnswers
  claims: Claims | undefined
}

interface BodyPart {
  bytes: Uint8Array
  decoded?: true
}

const nothingKnown: Knowledge = { facts: new Map(), claims: undefined }
/** Decoded parts of each kind that are kept; of a hundred thousand exchanges all. */
const kept = 250_000
/** Strings and templates that are kept once, however often they come. */
const once = 500_000
/** Bytes of bodies that are kept. */
const keptBytes = 48 * 1024 * 1024

/** The parts that exchanges share, each decoded once. */
export class CapturedParts {
  /** What is judged next. */
  readonly ahead = new ReadAhead()
  readonly messages: CapturedMessages
  readonly #reader: PartReader
  readonly #contexts = new Map<number, Context>()
  readonly #contextTexts = new Map<string, Context>()
  readonly #headers = new Map<number, RecordedHeaders>()
  readonly #knowledge = new Map<number, Knowledge>()
  readonly #details = new Map<number, readonly (StepTemplate | undefined)[]>()
  readonly #templates = new StepTemplates(once)
  readonly #extras = new Map<number, Extra>()
  readonly #bodies = new Map<number, BodyPart>()
  #bodyBytes = 0
  readonly #strings = new Map<string, string>()

  constructor(db: CaptureDatabase, key: WorkspaceKey | undefined) {
    this.#reader = new PartReader(db, key)
    this.messages = new CapturedMessages(db, (tag) => this.#reader.secret(tag))
  }

  /** The contexts of a run of exchanges: the same object for equal texts. */
  contexts(ids: readonly number[]): Context[] {
    const lacking = [...new Set(ids)].filter((id) => !this.#contexts.has(id))
    this.#reader.fetch(lacking)
    const open = new Map<number, Context>()
    for (const id of lacking) {
      const text = this.#reader.json(id)
      const context = this.#contextTexts.get(text) ?? decodeContext(text)
      this.#contextTexts.set(text, context)
      // That of an open exchange may be changed in place.
      ;(context.state === 'open' ? open : this.#contexts).set(id, context)
    }
    return ids.map((id) => this.#contexts.get(id) ?? open.get(id)!)
  }

  headers(id: number, column: 'requestHeaders' | 'responseHeaders'): RecordedHeaders {
    return cached(this.#headers, id, () => {
      const list = JSON.parse(this.#json(id, column)) as string[]
      for (let at = 0; at < list.length; at++) list[at] = this.#only(list[at]!)
      return new RecordedHeaders(list)
    })
  }

  knowledge(id: number | null): Knowledge {
    if (id === null) return nothingKnown
    return cached(this.#knowledge, id, () => {
      const [facts, claims] = JSON.parse(this.#json(id, 'knowledge')) as [RecordedFact[], (Claims | number)?]
      return {
        facts: readableFacts(facts),
        claims: typeof claims === 'number' ? claimsIn(facts[claims]!.answer) : claims,
      }
    })
  }

  detail(id: number): readonly (StepTemplate | undefined)[] {
    return cached(this.#details, id, () => this.#templates.read(this.#json(id, 'detail')))
  }

  extra(id: number): Extra {
    return cached(this.#extras, id, () => JSON.parse(this.#json(id, 'extra')) as Extra)
  }

  /** The same bytes for the same part, as long as there is room to keep them. */
  body(id: number, column: 'requestBody' | 'responseBody' | 'otherBodies'): BodyPart {
    const known = this.#bodies.get(id)
    if (known) return known
    this.#fetch(id, column)
    const body = this.#reader.body(id)
    this.#bodyBytes += body.bytes.byteLength + 100
    if (this.#bodyBytes > keptBytes) this.#forgetBodies()
    this.#bodies.set(id, body)
    return body
  }

  open(text: string): string {
    return this.#reader.plain(text)
  }

  openJson(text: string): string {
    return this.#reader.jsonText(text)
  }

  /** Secrets may have been purged since: then what was read with them is read anew. */
  checkSecrets(): void {
    if (!this.#reader.forgetChangedSecrets()) return
    for (const cache of [this.#headers, this.#knowledge, this.#details, this.#extras]) cache.clear()
    this.#forgetBodies()
    this.#templates.clear()
    this.#strings.clear()
  }

  #json(id: number, column: PartColumn): string {
    this.#fetch(id, column)
    return this.#reader.json(id)
  }

  #fetch(id: number, column: PartColumn): void {
    if (!this.#reader.has(id)) this.#reader.fetch(this.ahead.lacks(column).filter((one) => !this.#isKept(one, column)))
  }

  #isKept(id: number, column: PartColumn): boolean {
    switch (column) {
      case 'requestHeaders':
      case 'responseHeaders':
        return this.#headers.has(id)
      case 'detail':
        return this.#details.has(id)
      case 'knowledge':
        return this.#knowledge.has(id)
      case 'extra':
        return this.#extras.has(id)
      default:
        return this.#bodies.has(id)
    }
  }

  #forgetBodies(): void {
    this.#bodies.clear()
    this.#bodyBytes = 0
  }

  #only(text: string): string {
    const known = this.#strings.get(text)
    if (known !== undefined) return known
    if (this.#strings.size >= once) this.#strings.clear()
    this.#strings.set(text, text)
    return text
  }
}

function cached<T>(cache: Map<number, T>, id: number, make: () => T): T {
  const known = cache.get(id)
  if (known !== undefined) return known
  if (cache.size >= kept) cache.clear()
  const made = make()
  cache.set(id, made)
  return made
}
