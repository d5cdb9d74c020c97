import type { Refusal } from './types.ts'

/**
 * What a failed call says, for programs (`code`) and for people. `REFUSED`: it cannot be done now; `BAD_PARAMS`,
 * `UNKNOWN_CALL`, `BUSY`: the server did not take it; `CANCELLED`, `DISCONNECTED`: nobody waits any more;
 * `INTERNAL`: a bug, whose details stay with the core.
 */
export type RpcErrorCode =
  | 'REFUSED'
  | 'NOT_FOUND'
  | 'NO_WORKSPACE'
  | 'BAD_PARAMS'
  | 'UNKNOWN_CALL'
  | 'BUSY'
  | 'CANCELLED'
  | 'DISCONNECTED'
  | 'INTERNAL'

/** As it crosses the wire. */
export interface RpcFailure {
  code: RpcErrorCode
  /** What is wrong. */
  message: string
  /** Where: a file with line and column, a parameter. */
  where?: string
  /** What to do about it. */
  todo?: string
}

/** A failed call, thrown by handlers on one side and by `client.call` on the other. Holds nothing but what people may read. */
export class RpcError extends Error {
  readonly code: RpcErrorCode
  readonly where: string | undefined
  readonly todo: string | undefined

  constructor({ code, message, where, todo }: RpcFailure) {
    super(message)
    this.name = 'RpcError'
    this.code = code
    this.where = where
    this.todo = todo
  }

  /** The parts that cross the wire. */
  failure(): RpcFailure {
    const { code, message, where, todo } = this
    return { code, message, ...(where !== undefined && { where }), ...(todo !== undefined && { todo }) }
  }

  /** As something that a screen shows. */
  refusal(): Refusal {
    const { message: what, where, todo } = this
    return { what, severity: 'error', ...(where !== undefined && { where }), ...(todo !== undefined && { todo }) }
  }
}

/** Something that cannot be done, with what to do instead. */
export function refused(message: string, todo?: string, where?: string): RpcError {
  return new RpcError({ code: 'REFUSED', message, todo, where })
}
