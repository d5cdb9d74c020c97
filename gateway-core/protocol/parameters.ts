/** Schemas that parameters of calls share. */
export const text = { type: 'string' } as const
export const integer = { type: 'integer', minimum: 0 } as const
