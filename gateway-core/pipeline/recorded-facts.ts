import { type FactAnswer, factKey, type FactQuery, type FactSource, MissingFact, type RecordedFact } from './facts.ts'

/**
 * Answers from the record of one exchange, for judging it again. What was never asked is missing: the step that asks
 * for it becomes undecidable, with the name of the fact. Nothing is invented.
 */
export class RecordedFacts implements FactSource {
  readonly #answers: ReadonlyMap<string, FactAnswer<unknown>>

  constructor(facts: readonly RecordedFact[]) {
    this.#answers = new Map(facts.map(({ key, answer }) => [key, answer]))
  }

  /** Throws MissingFact where the record holds no answer. */
  ask(query: FactQuery): FactAnswer<unknown> {
    const key = factKey(query)
    const answer = this.#answers.get(key)
    if (answer === undefined) throw new MissingFact(key)
    return answer
  }
}
