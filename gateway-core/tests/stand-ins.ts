import { createHash } from 'node:crypto'

/**
 * What stands in the place of secrets in tests, so that no test needs or holds a real one: always the same, long enough
 * for any use, and made of characters that a header, a query and a cookie can carry.
 */
export function secretStandIn(name: string): string {
  return `test-secret-${name.replaceAll(/[^\w.-]/g, '_')}-${digest(`secret ${name}`)}`
}

/** Stands for a key of a consumer, whatever its real key is. */
export function consumerStandIn(name: string): string {
  return `test-key-of-${name.replaceAll(/[^\w.-]/g, '_')}-${digest(`consumer ${name}`)}`
}

/** The workspace key of tests: tags and random numbers are the same everywhere. */
export const testWorkspaceKey = createHash('sha256').update('gatehouse policy tests').digest('base64')

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
