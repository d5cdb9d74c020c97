import type { HeaderField } from '../pipeline/outcome.ts'

/**
 * The challenge of a policy that needs to know the caller, but does not find out itself. RFC 9110 §11.6.1 asks for one
 * with every 401; a bearer token is what nearly every identity policy takes.
 */
export const challengeForAnyone: readonly HeaderField[] = [['WWW-Authenticate', 'Bearer realm="api"']]
