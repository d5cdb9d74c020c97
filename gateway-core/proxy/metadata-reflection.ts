const kept = new WeakMap<object, Map<unknown, unknown>>()

const reflection = {
  defineMetadata(key: unknown, value: unknown, target: object): void {
    const known = kept.get(target)
    if (known) known.set(key, value)
    else kept.set(target, new Map([[key, value]]))
  },
  getOwnMetadata(key: unknown, target: object): unknown {
    return kept.get(target)?.get(key)
  },
  getMetadata(key: unknown, target: object): unknown {
    for (let at: object | null = target; at !== null; at = Object.getPrototypeOf(at)) {
      const known = kept.get(at)
      if (known?.has(key)) return known.get(key)
    }
    return undefined
  },
}

/**
 * The part of the Reflect metadata proposal that `tsyringe` (inside `@peculiar/x509`) asks for when it is loaded: it
 * keeps what decorators say about a class. Has to be called before `@peculiar/x509` is loaded; a full polyfill that
 * is there already stays.
 */
export function provideMetadataReflection(): void {
  if (!('getMetadata' in Reflect)) Object.assign(Reflect, reflection)
}
