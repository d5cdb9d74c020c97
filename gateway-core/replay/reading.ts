import { RE2JS } from 're2js'
import { decodeContent, isPlainCoding } from '../capture/content.ts'
import { lookUp } from '../openapi/pointer.ts'
import type { WireResponse } from './send-http1.ts'

/** What can be read from a response: by captures and by assertions alike. */
export class Reading {
  readonly #response: WireResponse
  #text: string | undefined
  #json: { value: unknown } | { problem: string } | undefined

  constructor(response: WireResponse) {
    this.#response = response
  }

  get status(): number {
    return this.#response.status
  }

  /** All values of a header field; undefined when there is none. */
  header(name: string): string | undefined {
    const { rawHeaders } = this.#response
    const values = rawHeaders.filter(
      (_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name.toLowerCase(),
    )
    return values.length === 0 ? undefined : values.join(', ')
  }

  /** Values of every `Set-Cookie`, as they came. */
  get setCookies(): string[] {
    const { rawHeaders } = this.#response
    return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === 'set-cookie')
  }

  cookie(name: string): string | undefined {
    for (const header of this.setCookies.reverse()) {
      const pair = header.split(';', 1)[0]!
      const equals = pair.indexOf('=')
      if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
    }
    return undefined
  }

  get text(): string {
    if (this.#text !== undefined) return this.#text
    const coding = this.header('content-encoding')
    const { body } = this.#response
    const content = isPlainCoding(coding) ? body : (decodeContent(body, coding!) ?? body)
    return (this.#text = Buffer.from(content).toString('utf8'))
  }

  get json(): { value: unknown } | { problem: string } {
    if (this.#json) return this.#json
    try {
      this.#json = { value: JSON.parse(this.text) as unknown }
    } catch (error) {
      this.#json = { problem: `the body is no JSON: ${(error as Error).message}` }
    }
    return this.#json
  }

  /** The value at a JSON pointer (RFC 6901); undefined when there is none. */
  at(pointer: string): unknown {
    const { json } = this
    return 'value' in json ? lookUp(json.value, pointer) : undefined
  }

  /** The first group of an expression (all of the match without one), in the body or in a header. */
  match(expression: string, header: string | undefined): string | undefined {
    const text = header === undefined ? this.text : this.header(header)
    if (text === undefined) return undefined
    const matcher = RE2JS.compile(expression).matcher(text)
    if (!matcher.find()) return undefined
    return (matcher.groupCount() > 0 ? matcher.group(1) : matcher.group()) ?? undefined
  }
}
