import { HeldBody } from '../body.ts'
import { hasMarker, lengthBefore } from '../capture/markers.ts'
import type { Peer, RawHeaders, RequestMessage } from '../exchange.ts'
import { HeaderList } from '../headers.ts'
import { MissingFact } from '../pipeline/facts.ts'
import { JudgedExchange, type Memory } from '../pipeline/judged-exchange.ts'

/**
 * What stays of a message when its secrets are gone. A sealed value cannot be read: asking for it throws `MissingFact`
 * with its place, which makes the step undecidable; everything else reads as ever. Nothing is invented.
 */
export class RecordedHeaders extends HeaderList {
  override get(name: string): string | undefined {
    return readable(super.get(name), `header:${name}`)
  }

  override all(name: string): readonly string[] {
    return super.all(name).map((value) => readable(value, `header:${name}`))
  }

  override list(name: string): string | undefined {
    return readable(super.list(name), `header:${name}`)
  }

  override lengthAt(at: number): number {
    return this.raw[at]!.length + lengthBefore(this.raw[at + 1]!)
  }

  override *entries(): IterableIterator<[name: string, value: string]> {
    for (const [name, value] of super.entries()) yield [name, readable(value, `header:${name.toLowerCase()}`)]
  }

  override remade(raw: RawHeaders): HeaderList {
    return new RecordedHeaders(raw)
  }
}

/** A recorded body; its text and bytes cannot be read where something in it was sealed: reading is undecidable by that name. */
export function recordedBody(bytes: Uint8Array, name?: string): HeldBody {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('⟦sealed:')
    ? new SealedBody(bytes, name)
    : new HeldBody(bytes)
}

/** A body that was not kept whole: reading it is undecidable by that name. */
export function missingBody(name: string): HeldBody {
  return new SealedBody(new Uint8Array(0), name)
}

class SealedBody extends HeldBody {
  constructor(bytes: Uint8Array, name = 'body:') {
    super(bytes)
    const get = () => {
      throw new MissingFact(name)
    }
    const missing = { get, enumerable: true }
    Object.defineProperties(this, { bytes: missing, text: missing, json: missing })
  }
}

/** A request whose path and query cannot be read where something in them was sealed. */
export function recordedRequest(request: RequestMessage): RequestMessage {
  const sealed: PropertyDescriptorMap = {}
  for (const part of ['query', 'path', 'target'] as const) {
    if (hasMarker(request[part])) sealed[part] = { get: () => readable(request[part], part), enumerable: true }
  }
  if (sealed['target']) sealed['targetLength'] = { value: lengthBefore(request.target), enumerable: true }
  return Object.keys(sealed).length === 0
    ? request
    : (Object.defineProperties({ ...request }, sealed) as RequestMessage)
}

function readable<T extends string | undefined>(value: T, place: string): T {
  if (value !== undefined && hasMarker(value)) throw new MissingFact(place)
  return value
}

/** An exchange whose client nobody recorded: asking for its address is undecidable, until a policy finds another. */
export class ExchangeOfUnknown extends JudgedExchange {
  constructor(id: string, startedAt: number, peer: Peer, request: RequestMessage) {
    super(id, startedAt, peer, request)
    const unknown = () => {
      throw new MissingFact('client-address')
    }
    Object.defineProperty(this, 'peer', { value: Object.defineProperty({ ...peer }, 'address', { get: unknown }) })
    Object.defineProperty(this, 'clientAddress', {
      configurable: true,
      get: unknown,
      set: (value: string) => {
        Object.defineProperty(this, 'clientAddress', { value, writable: true })
      },
    })
  }

  override memory(): Memory {
    return { consumer: this.consumer, claims: this.claims, clientAddress: '' }
  }

  override forget({ consumer, claims }: Memory): void {
    this.consumer = consumer
    this.claims = claims
  }
}
