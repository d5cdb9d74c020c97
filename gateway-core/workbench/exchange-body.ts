import { decodeContent, isPlainCoding } from '../capture/content.ts'
import type { StoredExchange } from '../capture/record.ts'
import type { BodyPart } from '../protocol/types.ts'
import { fieldOf } from './exchange-detail.ts'

type Side = 'request' | 'forwarded' | 'upstreamResponse' | 'response'
type Content = { bytes: Uint8Array; decoded: boolean; problem?: string }

/** Hands out bodies part by part; the one read last is kept, so that a long one is decoded once and not for each part. */
export class BodyReader {
  #key = ''
  #content: Content | undefined

  read(
    id: string,
    side: Side,
    decoded: boolean,
    exchangeOf: () => StoredExchange,
    from: number,
    length: number,
  ): BodyPart {
    const key = `${id} ${side} ${decoded}`
    if (key !== this.#key || !this.#content) {
      const exchange = exchangeOf()
      this.#content = contentOf(exchange, side, decoded)
      // What is not finished may have more to show later.
      this.#key = exchange.state === 'done' ? key : ''
    }
    const { bytes, ...about } = this.#content
    const part = bytes.subarray(from, from + length)
    return { bytes: Buffer.from(part).toString('base64'), from, available: bytes.byteLength, ...about }
  }

  forget(): void {
    this.#key = ''
    this.#content = undefined
  }
}

function contentOf(exchange: StoredExchange, side: Side, decoded: boolean): Content {
  const message = exchange[side]
  const body = message?.body
  if (!message || !body) return { bytes: new Uint8Array(), decoded: false }
  if (body.decoded) return { bytes: body.bytes, decoded: true }
  const coding = fieldOf(message.headers, 'content-encoding') ?? undefined
  if (!decoded || isPlainCoding(coding)) return { bytes: body.bytes, decoded }
  const bytes = decodeContent(body.bytes, coding!)
  if (bytes) return { bytes, decoded: true }
  return { bytes: body.bytes, decoded: false, problem: `the content is not ${coding}, or too large once decoded` }
}
