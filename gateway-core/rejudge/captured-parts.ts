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
/** Decoded parts of each kind that are kept: what repeats, repeats within these. */
const kept = 20_000

/** The parts that exchanges share, each decoded once. */
export class CapturedParts {
  readonly #reader: PartReader
  readonly #contexts = new Map<number, Context>()
  readonly #contextTexts = new Map<string, Context>()
  readonly #headers = new Map<number, RecordedHeaders>()
  readonly #knowledge = new Map<number, Knowledge>()
  readonly #details = new Map<number, (StepTemplate | undefined)[]>()
  readonly #extras = new Map<number, Extra>()

  constructor(db: CaptureDatabase, key: WorkspaceKey | undefined) {
    this.#reader = new PartReader(db, key)
  }

  fetch(ids: Iterable<number>): void {
    this.#reader.fetch(ids)
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
    return cached(this.#headers, id, () => new RecordedHeaders(this.list(id)))
  }

  /** A header list that few exchanges share. */
  list(id: number): string[] {
    return JSON.parse(this.#reader.json(id)) as string[]
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
    return cached(this.#details, id, () => detailTemplate(this.#reader.json(id)))
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
