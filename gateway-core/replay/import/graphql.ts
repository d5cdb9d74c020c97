import type { ReplayRequest } from '../../protocol/replay-request.ts'

/**
 * A GraphQL operation as it is written in a `.http` file (`GRAPHQL url`, or a field `X-REQUEST-TYPE: GraphQL`) as the
 * request that carries it; its variables stand as JSON behind an empty line. Every other request stays what it is.
 */
export function asGraphQl(request: ReplayRequest): ReplayRequest {
  const isMark = ({ name, value }: { name: string; value: string }) =>
    name.toLowerCase() === 'x-request-type' && value.toLowerCase() === 'graphql'
  if (request.method !== 'GRAPHQL' && !request.headers.some(isMark)) return request
  const headers = request.headers.filter((field) => !isMark(field))
  if (!headers.some(({ name }) => name.toLowerCase() === 'content-type')) {
    headers.push({ name: 'Content-Type', value: 'application/json' })
  }
  const written = request.body?.kind === 'text' ? request.body.text : ''
  const [, query, variables] = /^([^]*?)(?:\n\s*\n(\{[^]*\}))?\s*$/.exec(written) ?? []
  const text = graphQlText(query ?? written, variables ?? '')
  const method = request.method === 'GRAPHQL' ? 'POST' : request.method
  return { ...request, method, headers, body: { kind: 'text', text } }
}

/** Variables stay as they are written: `{{name}}` in them may stand for a number. */
export function graphQlText(query: string, variables: string): string {
  const values = variables.trim() === '' ? '{}' : variables.trim()
  return `{\n  "query": ${JSON.stringify(query.trim())},\n  "variables": ${values}\n}`
}
