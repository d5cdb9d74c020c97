import { parseFilter } from '../filter/grammar.ts'
import { type Filter, FilterError } from '../filter/syntax.ts'
import { refused } from '../protocol/rpc-error.ts'

/** A query as a filter; one that cannot be read is refused, with the place of its error. */
export function filterOf(query: string): Filter {
  try {
    return parseFilter(query)
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw refused(`the query cannot be read: ${error.message}`, error.suggestion, `character ${error.offset + 1}`)
  }
}
