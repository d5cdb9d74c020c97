const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const sizeUnits: Readonly<Record<string, number>> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

/** Reads `500ms`, `10s`, `1m30s`, `2h`, `1d` or a number of milliseconds. Undefined when it is neither, negative or not finite. */
export function parseDuration(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? text : undefined
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) return /^\d+$/.test(text) ? Number(text) : undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g))
    total += Number(amount) * durationUnits[unit!]!
  return Number.isFinite(total) ? total : undefined
}

/** Reads `512`, `10kb`, `1.5mb`, `1gb` (1024-based, any case) as bytes. Undefined when it is something else. */
export function parseSize(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) && text >= 0 ? Math.floor(text) : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)?$/i.exec(text)
  if (!match) return undefined
  return Math.floor(Number(match[1]) * sizeUnits[(match[2] ?? 'b').toLowerCase()]!)
}

/** JSON Schema of a duration, for policy configurations. */
export const durationSchema = {
  type: ['string', 'integer'],
  pattern: '^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$|^\\d+$',
  minimum: 0,
} as const

/** JSON Schema of a size in bytes. */
export const sizeSchema = {
  type: ['string', 'integer'],
  pattern: '^\\d+(\\.\\d+)?\\s*([bB]|[kKmMgG][bB])?$',
  minimum: 0,
} as const
