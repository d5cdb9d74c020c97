import type { RecordedRequest, RecordedResponse, StoredExchange } from '../capture/record.ts'
import { bodyText } from '../capture/body-text.ts'

/** A token that stands in an exchange. */
export interface FoundToken {
  /** Where, for people: `request header Authorization`. */
  where: string
  token: string
}

const pattern = /\beyJ[\w-]{5,}\.[\w-]+(?:\.[\w-]*){1,3}/g

/** JSON Web Tokens in an exchange that was read with open secrets: headers, cookies, query and bodies of both sides. */
export function findTokens(exchange: StoredExchange): FoundToken[] {
  const found: FoundToken[] = []
  const add = (where: string, text: string | undefined) => {
    for (const [token] of text?.matchAll(pattern) ?? []) {
      if (!found.some((one) => one.token === token)) found.push({ where, token })
    }
  }
  const message = (side: string, { headers }: RecordedRequest | RecordedResponse) => {
    for (let at = 0; at + 1 < headers.length; at += 2) add(`${side} header ${headers[at]}`, headers[at + 1])
  }
  const { request, response } = exchange
  message('request', request)
  add('request query', safeDecode(request.query))
  add('request body', bodyText(request))
  if (response) {
    message('response', response)
    add('response body', bodyText(response))
  }
  return found
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
