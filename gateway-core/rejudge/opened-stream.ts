import type { ResponseMessage } from '../exchange.ts'
import { fieldsOfWhole } from '../proxy/messages/event-stream.ts'
import type { RecordedExchange } from './recorded-exchange.ts'

/** An answer whose events are read one by one: their coding comes off, and nobody can promise how long they will be. */
export function openedStream(
  response: ResponseMessage,
  recorded: RecordedExchange,
  isJudged: boolean,
): ResponseMessage {
  let { headers } = response
  for (const name of fieldsOfWhole) {
    if (headers.has(name) && (isJudged || !clientGot(recorded, name))) headers = headers.without(name)
  }
  return headers === response.headers ? response : { ...response, headers }
}

/** Whether the client's response had a field of that name. */
export function clientGot({ response }: RecordedExchange, name: string): boolean {
  return response?.headers.some((text, at) => at % 2 === 0 && text.toLowerCase() === name) === true
}
