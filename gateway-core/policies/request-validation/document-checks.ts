import type { OpenApiDocument } from '../../openapi/document.ts'
import { resolved } from '../../openapi/document.ts'
import type { MediaType, Operation } from '../../openapi/operations.ts'
import { isObject, join, lookUp } from '../../openapi/pointer.ts'
import { schemasOf, type Validate } from '../../openapi/schemas.ts'
import { formReadingOf, type FormReading } from './body-value.ts'
import { kindOf, parseContentType, type BodyKind, type ContentType } from './content-type.ts'
import type { ParameterChecks } from './parameters-check.ts'

/** The part of the configuration that decides how the document is read. */
export interface DocumentOptions {
  unknownProperties: 'deny' | 'warn' | 'allow'
  unknownQuery: 'deny' | 'warn' | 'allow'
  readOnlyProperties: 'deny' | 'allow'
  allowQuery: readonly string[]
}

/** Everything needed to judge requests of one operation, made at its first request. */
export interface OperationChecks {
  parameters: ParameterChecks
  /** Undefined: the operation takes no body. */
  body: BodyChecks | undefined
}

export interface BodyChecks {
  required: boolean
  /** Only methods that carry a body by nature have to bring one. */
  byMethod?: boolean
  media: readonly MediaCheck[]
}

export interface MediaCheck {
  type: ContentType
  /** As written, for messages. */
  written: string
  kind: BodyKind
  form: FormReading
  validate: Validate | undefined
  /** Names that only a closed reading refuses, where they are to be noted and not denied. */
  warn: Validate | undefined
}

const secretName = /passw|secret|token|api[-_]?key|credential|authorization|session/i

/** Makes the checks of each operation once, when first asked for. */
export function documentChecks(
  document: OpenApiDocument,
  options: DocumentOptions,
): (operation: Operation) => OperationChecks {
  const lenientDirection = options.readOnlyProperties === 'allow'
  const open = schemasOf(document, { direction: 'request', closed: false, lenientDirection })
  const closed = schemasOf(document, { direction: 'request', closed: true, lenientDirection })
  const main = options.unknownProperties === 'deny' ? closed : open
  const allowed = new Set([...options.allowQuery, ...queryKeysOf(document)])
  const known = new Map<Operation, OperationChecks>()

  const mediaCheck = (media: MediaType): MediaCheck[] => {
    const type = parseContentType(media.type)
    if (!type) return []
    const pointer = join(media.pointer, 'schema')
    const has = lookUp(document, pointer) !== undefined
    return [
      {
        type,
        written: media.type,
        kind: kindOf(type.essence),
        form: formReadingOf(document, media),
        validate: has ? main.at(pointer) : undefined,
        warn: has && options.unknownProperties === 'warn' ? closed.at(pointer) : undefined,
      },
    ]
  }
  const make = (operation: Operation): OperationChecks => {
    const checked = operation.parameters.map((parameter) => {
      const schema = parameter.schema === undefined ? undefined : lookUp(document, parameter.schema)
      return {
        parameter,
        validate: parameter.schema === undefined ? undefined : main.at(parameter.schema),
        secret: secretName.test(parameter.name) || (isObject(schema) && schema['format'] === 'password'),
      }
    })
    const at = (place: string) => checked.filter(({ parameter }) => parameter.in === place)
    const { requestBody } = operation
    return {
      parameters: {
        byPlace: { path: at('path'), query: at('query'), header: at('header'), cookie: at('cookie') },
        unknownQuery: options.unknownQuery,
        allowedQuery: allowed,
      },
      body: requestBody && { required: requestBody.required, media: requestBody.content.flatMap(mediaCheck) },
    }
  }
  return (operation) => {
    let checks = known.get(operation)
    if (!checks) known.set(operation, (checks = make(operation)))
    return checks
  }
}

/** Query parameters that carry an API key, as the document's security schemes say. */
function queryKeysOf(document: OpenApiDocument): string[] {
  const components = document['components']
  const schemes = isObject(components) && isObject(components['securitySchemes']) ? components['securitySchemes'] : {}
  return Object.entries(schemes).flatMap(([name, written]) => {
    const scheme = resolved(document, written, join('/components/securitySchemes', name))?.value
    return scheme?.['type'] === 'apiKey' && scheme['in'] === 'query' && typeof scheme['name'] === 'string'
      ? [scheme['name']]
      : []
  })
}
