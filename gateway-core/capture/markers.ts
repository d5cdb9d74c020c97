/**
 * A sealed value in stored text: `⟦sealed:<tag>:<length>⟧`, the tag under the workspace key and the length in
 * characters. A JSON number or word is sealed with quotes around the marker, so that the document stays JSON.
 */
export function markerOf(tag: string, length: number): string {
  return `⟦sealed:${tag}:${length}⟧`
}

export function literalMarkerOf(tag: string, length: number): string {
  return `"⟦sealed:${tag}:${length}:literal⟧"`
}

const marker = /"⟦sealed:([\w-]+):\d+:literal⟧"|⟦sealed:([\w-]+):\d+⟧/g

export function hasMarker(text: string): boolean {
  return text.includes('⟦sealed:')
}

/** Length of a text in characters as it was before its secrets were sealed: each marker says how long its value is. */
export function lengthBefore(text: string): number {
  if (!hasMarker(text)) return text.length
  let length = text.length
  for (const [whole] of text.matchAll(marker)) length += Number(/:(\d+)(?::literal)?⟧/.exec(whole)![1]) - whole.length
  return length
}

/** Tags of all markers in a text. */
export function tagsIn(text: string): string[] {
  return Array.from(text.matchAll(marker), (match) => match[1] ?? match[2]!)
}

/** The text with each marker replaced by its value; those whose value is gone (purged, other key) stay markers. */
export function openMarkers(text: string, valueOf: (tag: string) => string | undefined): string {
  return text.replace(marker, (whole, literal: string | undefined, quoted: string | undefined) => {
    return valueOf(literal ?? quoted!) ?? whole
  })
}

/** Whether a value is nothing but a marker: it was sealed before, and comes back from a HAR. */
export function isMarker(value: string): boolean {
  return value.startsWith('⟦sealed:') && /^⟦sealed:[\w-]+:\d+(?::literal)?⟧$/.test(value)
}
