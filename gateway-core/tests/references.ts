const reference = /\$\$\{|\$\{([^}:]*):?([^}]*)\}/g

/** What a text of a test refers to. */
export interface TestReference {
  kind: string
  name: string
}

/** The references in a text; `$${` is none. */
export function referencesIn(text: string): TestReference[] {
  const found: TestReference[] = []
  for (const [whole, kind, name] of text.matchAll(reference)) {
    if (whole !== '$${') found.push({ kind: kind!.trim(), name: name!.trim() })
  }
  return found
}

/** The text with its references replaced; `$${` becomes `${`. */
export function replaceReferences(text: string, replacement: (reference: TestReference) => string): string {
  if (!text.includes('${')) return text
  return text.replaceAll(reference, (whole, kind: string | undefined, name: string | undefined) =>
    whole === '$${' ? '${' : replacement({ kind: kind!.trim(), name: name!.trim() }),
  )
}

/** A text that stands for itself, whatever it looks like. */
export function literal(text: string): string {
  return text.replaceAll('${', () => '$${')
}
