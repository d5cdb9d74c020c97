/**
 * Every phase of an exchange, in the order it happens. `message` is for WebSocket messages and server-sent events.
 * Request phases run outer scope first (workspace, api, route), response phases inner scope first.
 */
export const phases = ['requestHeaders', 'requestBody', 'responseHeaders', 'responseBody', 'message', 'log'] as const

export type Phase = (typeof phases)[number]
