/** A piece of a query for colouring: field names and operators stand out, words keep the text's colour. */
export interface QueryToken {
  text: string
  kind: 'field' | 'word' | 'logic' | 'space'
}

const token = /(\s+)|("(?:[^"\\]|\\.)*"?)|([\w.-]+)(?=(?::|~|=|!=|>|<))|([^\s"]+)/g

/** Cuts a query into pieces whose texts give the query again. Only for the eye: the core reads it by its own grammar. */
export function queryTokens(query: string): QueryToken[] {
  const tokens: QueryToken[] = []
  for (const [text, space, quoted, field] of query.matchAll(token)) {
    if (space !== undefined) tokens.push({ text, kind: 'space' })
    else if (quoted !== undefined) tokens.push({ text, kind: 'word' })
    else if (field !== undefined) tokens.push({ text, kind: 'field' })
    else tokens.push({ text, kind: /^(?:and|or|not|[()!]+)$/i.test(text) ? 'logic' : 'word' })
  }
  return tokens
}
