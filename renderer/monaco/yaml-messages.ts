/**
 * Writes values into a message of the YAML language service, `Property {0} is not allowed.` It stands in for the
 * package that the service translates with, which throws on a value that is null, as the key of a half-typed line is:
 * then there was no completion at all.
 */
export function t(message: string, ...values: readonly unknown[]): string {
  const [first] = values
  const named = values.length === 1 && typeof first === 'object' && first !== null && !Array.isArray(first)
  const known = (named ? first : values) as Readonly<Record<string, unknown>>
  return message.replace(/\{(\w+)\}/g, (place, name: string) => (name in known ? written(known[name]) : place))
}

function written(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value)
}
