import { closest } from '../config/closest.ts'
import type { Report } from './load.ts'
import { isObject, join } from './pointer.ts'

/**
 * What the objects of OpenAPI 2.0 to 3.2 hold, by name: nothing behind a name is not looked into; `schema` is one,
 * `schema[]` a list and `schema{}` a mapping of them.
 */
const objects: Readonly<Record<string, string>> = {
  document: `openapi swagger $self info:info jsonSchemaDialect servers:server[] host basePath schemes consumes produces
    paths:pathItem{} webhooks:pathItem{} components:components definitions:schema{} parameters:parameter{}
    responses:response{} security securityDefinitions:securityScheme{} tags:tag[] externalDocs`,
  info: 'title summary description termsOfService contact license version',
  server: 'url name description variables',
  tag: 'name summary description externalDocs parent kind',
  components: `schemas:schema{} responses:response{} parameters:parameter{} examples requestBodies:requestBody{}
    headers:header{} securitySchemes:securityScheme{} links callbacks pathItems:pathItem{} mediaTypes:mediaType{}`,
  pathItem: `$ref summary description servers:server[] parameters:parameter[] get:operation put:operation post:operation
    delete:operation options:operation head:operation patch:operation trace:operation query:operation
    additionalOperations:operation{}`,
  operation: `tags summary description externalDocs operationId consumes produces schemes parameters:parameter[]
    requestBody:requestBody responses:response{} callbacks deprecated security servers:server[]`,
  parameter: `$ref name in summary description required deprecated allowEmptyValue style explode allowReserved
    schema:schema content:mediaType{} example examples type format items:schema collectionFormat default maximum
    exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems enum multipleOf`,
  header: `$ref summary description required deprecated allowEmptyValue style explode allowReserved schema:schema
    content:mediaType{} example examples type format items:schema collectionFormat default maximum exclusiveMaximum
    minimum exclusiveMinimum maxLength minLength pattern maxItems minItems uniqueItems enum multipleOf`,
  requestBody: '$ref summary description content:mediaType{} required',
  response: '$ref summary description headers:header{} content:mediaType{} links schema:schema examples',
  mediaType: '$ref description schema:schema itemSchema:schema example examples encoding prefixEncoding itemEncoding',
  securityScheme: `$ref summary type description name in scheme bearerFormat flows flow openIdConnectUrl
    authorizationUrl tokenUrl scopes deprecated oauth2MetadataUrl`,
  schema: `$ref $id $schema $anchor $dynamicRef $dynamicAnchor $vocabulary $comment $defs:schema{} definitions:schema{}
    title description default examples example enum const type format nullable readOnly writeOnly deprecated
    discriminator externalDocs xml multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength
    pattern maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required
    dependentRequired contentEncoding contentMediaType contentSchema:schema allOf:schema[] anyOf:schema[] oneOf:schema[]
    not:schema if:schema then:schema else:schema dependentSchemas:schema{} prefixItems:schema[] items:schema
    contains:schema properties:schema{} patternProperties:schema{} additionalProperties:schema propertyNames:schema
    unevaluatedItems:schema unevaluatedProperties:schema additionalItems:schema dependencies id`,
}

/** By object: its names, with what is behind them. */
const parts: ReadonlyMap<string, ReadonlyMap<string, string | undefined>> = new Map(
  Object.entries(objects).map(([object, text]) => [object, new Map(text.split(/\s+/).map(named))]),
)

function named(written: string): [name: string, behind: string | undefined] {
  const [name = '', behind] = written.split(':')
  return [name, behind]
}

/** Values of which there are few. */
const values: Readonly<Record<string, readonly string[]>> = {
  'parameter in': ['path', 'query', 'header', 'cookie', 'body', 'formData', 'querystring'],
  'securityScheme in': ['query', 'header', 'cookie'],
  'schema type': ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null', 'file'],
}

const deepest = 60

/**
 * Reports names and values that were probably meant otherwise, such as `minLenght`: they would be passed over, and what
 * they should bound would not be. What is like nothing known is let be: documents hold a lot of their own. Works on
 * the document as written.
 */
export function checkNames(written: Record<string, unknown>, path: string, report: Report): void {
  const look = (node: unknown, object: string, at: string, depth: number): void => {
    if (!isObject(node) || depth > deepest) return
    const known = parts.get(object)!
    for (const [name, value] of Object.entries(node)) {
      if (name.startsWith('x-')) continue
      const inner = known.get(name)
      const pointer = join(at, name)
      if (!known.has(name)) {
        const meant = typo(name, known.keys())
        if (meant !== undefined) {
          const message = `"${name}" is nothing that OpenAPI knows here, so it is passed over`
          report({ severity: 'warning', path, pointer, message, suggestion: `did you mean "${meant}"?` })
        }
      } else if (inner !== undefined) into(value, inner, pointer, depth + 1)
      else checkValue(value, values[`${object} ${name}`], name, pointer)
    }
  }
  const into = (value: unknown, inner: string, at: string, depth: number): void => {
    if (inner.endsWith('[]')) {
      if (!Array.isArray(value)) return
      for (const [index, one] of value.entries()) look(one, inner.slice(0, -2), join(at, String(index)), depth)
    } else if (inner.endsWith('{}')) {
      if (!isObject(value)) return
      for (const [name, one] of Object.entries(value)) {
        if (!name.startsWith('x-') || inner !== 'pathItem{}') look(one, inner.slice(0, -2), join(at, name), depth)
      }
    } else look(value, inner, at, depth)
  }
  const checkValue = (value: unknown, allowed: readonly string[] | undefined, name: string, pointer: string): void => {
    for (const one of allowed === undefined ? [] : [value].flat()) {
      if (typeof one !== 'string' || allowed!.includes(one)) continue
      const meant = closest(one, allowed!)
      const message = `"${one.slice(0, 60)}" is no value of "${name}"`
      const suggestion = meant === undefined ? `write one of ${allowed!.join(', ')}` : `did you mean "${meant}"?`
      report({ severity: 'warning', path, pointer, message, suggestion })
    }
  }
  look(written, 'document', '', 0)
}

/** A known name of which this is a slip: letters swapped, doubled, left out. Short ones and `format2` are meant so. */
function typo(name: string, known: Iterable<string>): string | undefined {
  const meant = /^[a-z]{4,}$/i.test(name) ? closest(name, known) : undefined
  if (meant === undefined) return undefined
  // Names of their own are often longer or shorter than a known one: that alone is no slip.
  const apart = Math.abs(meant.length - name.length)
  return apart <= 1 && (apart === 0 || sharesMost(name, meant)) ? meant : undefined
}

/** Whether two names hold the same letters, but for one or two. */
function sharesMost(one: string, other: string): boolean {
  const letters = other.toLowerCase().split('')
  let missing = 0
  for (const letter of one.toLowerCase()) {
    const at = letters.indexOf(letter)
    if (at < 0) missing++
    else letters.splice(at, 1)
  }
  return missing + letters.length <= 2
}
