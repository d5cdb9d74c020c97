import { type Context, decodeContext } from '../capture/decode-context.ts'
import { detailTemplate, type StepTemplate } from '../capture/detail-template.ts'
import { claimsIn, type Extra } from '../capture/layout.ts'
import { PartReader } from '../capture/part-reader.ts'
import type { CaptureDatabase } from '../capture/schema.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { Claims } from '../exchange.ts'
import type { RecordedFact } from '../pipeline/facts.ts'
import { type FactAnswers, readableFacts } from './recorded-exchange.ts'
import { RecordedHeaders } from './sealed-message.ts'

interface Knowledge {
  facts: FactAnswers
  claims: Claims | undefined
}

const nothingKnown: Knowledge = { facts: new Map(), claims: undefined }
/** Decoded parts of each kind that are kept; of a hundred thousand exchanges all. */
const kept = 250_000
/** Strings and templates that are kept once, however often they come. */
const once = 500_000

/** What of a run of exchanges will be read. */
export interface Needed {
  headers: ReadonlySet<number>
  knowledge: ReadonlySet<number>
  details: ReadonlySet<number>
  extras: ReadonlySet<number>
  bodies: ReadonlySet<number>
}

/** The parts that exchanges share, each decoded once. */
export class CapturedParts {
  readonly #reader: PartReader
  readonly #contexts = new Map<number, Context>()
  readonly #contextTexts = new Map<string, Context>()
  readonly #headers = new Map<number, RecordedHeaders>()
  readonly #knowledge = new Map<number, Knowledge>()
  readonly #details = new Map<number, (StepTemplate | undefined)[]>()
  readonly #templates = new Map<string, (StepTemplate | undefined)[]>()
  readonly #extras = new Map<number, Extra>()
  readonly #strings = new Map<string, string>()

  constructor(db: CaptureDatabase, key: WorkspaceKey | undefined) {
    this.#reader = new PartReader(db, key)
  }

  /** Reads in one go what is not there yet. */
  fetch({ headers, knowledge, details, extras, bodies }: Needed): void {
    const lacking: number[] = []
    for (const id of headers) if (!this.#headers.has(id)) lacking.push(id)
    for (const id of knowledge) if (!this.#knowledge.has(id)) lacking.push(id)
    for (const id of details) if (!this.#details.has(id)) lacking.push(id)
    for (const id of extras) if (!this.#extras.has(id)) lacking.push(id)
    for (const id of bodies) lacking.push(id)
    this.#reader.fetch(lacking)
  }

  fetchContexts(ids: Iterable<number>): void {
    const lacking: number[] = []
    for (const id of new Set(ids)) if (!this.#contexts.has(id)) lacking.push(id)
    this.#reader.fetch(lacking)
  }

  /** The same object for equal texts. */
  context(id: number): Context {
    let context = this.#contexts.get(id)
    if (!context) {
      const text = this.#reader.json(id)
      context = this.#contextTexts.get(text) ?? decodeContext(text)
      this.#contextTexts.set(text, context)
      this.#contexts.set(id, context)
    }
    return context
  }

  headers(id: number): RecordedHeaders {
    return cached(this.#headers, id, () => {
      const list = JSON.parse(this.#reader.json(id)) as string[]
      for (const [at, text] of list.entries()) list[at] = this.#only(text)
      return new RecordedHeaders(list)
    })
  }

  knowledge(id: number | null): Knowledge {
    if (id === null) return nothingKnown
    return cached(this.#knowledge, id, () => {
      const [facts, claims] = JSON.parse(this.#reader.json(id)) as [RecordedFact[], (Claims | number)?]
      return {
        facts: readableFacts(facts),
        claims: typeof claims === 'number' ? claimsIn(facts[claims]!.answer) : claims,
      }
    })
  }

  detail(id: number): (StepTemplate | undefined)[] {
    return cached(this.#details, id, () => {
      const template = detailTemplate(this.#reader.json(id))
      const key = JSON.stringify(template)
      const known = this.#templates.get(key)
      if (known) return known
      if (this.#templates.size >= once) this.#templates.clear()
      this.#templates.set(key, template)
      return template
    })
  }

  extra(id: number): Extra {
    return cached(this.#extras, id, () => JSON.parse(this.#reader.json(id)) as Extra)
  }

  body(id: number): { bytes: Uint8Array; decoded?: true } {
    return this.#reader.body(id)
  }

  open(text: string): string {
    return this.#reader.plain(text)
  }

  /** Secrets may have been purged since: what was read with them is read anew. */
  forgetSecrets(): void {
    this.#reader.forgetSecrets()
    for (const cache of [this.#headers, this.#knowledge, this.#details, this.#extras]) cache.clear()
    this.#templates.clear()
    this.#strings.clear()
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
