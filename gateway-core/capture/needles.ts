/** Shorter values are too common to be looked for elsewhere; they are sealed where they stand. */
export const shortestNeedle = 8

/**
 * The spellings in which a secret may stand elsewhere in a record: as it is, escaped in JSON, percent-encoded and
 * decoded, form-encoded, in hex, and in base64 at each of its three alignments (so that it is found inside a larger
 * encoded text). Longest first, so that a spelling is not broken by a shorter one inside it.
 */
export function spellingsOf(secret: string): readonly string[] {
  if (secret.length < shortestNeedle) return []
  const spellings = new Set<string>([secret])
  const escaped = JSON.stringify(secret).slice(1, -1)
  spellings.add(escaped).add(JSON.stringify(escaped).slice(1, -1))
  const decoded = percentDecoded(secret)
  for (const form of decoded === secret ? [secret] : [secret, decoded]) {
    if (form.length < shortestNeedle) continue
    spellings.add(form).add(JSON.stringify(form).slice(1, -1))
    const percent = percentEncoded(form)
    for (const text of [percent, percent.replaceAll('%20', '+')]) spellings.add(text).add(lowerPercent(text))
    const bytes = Buffer.from(form, 'utf8')
    const hex = bytes.toString('hex')
    spellings.add(hex).add(hex.toUpperCase())
    for (let shift = 0; shift < 3; shift++) {
      const core = base64Core(bytes, shift)
      if (core.length < shortestNeedle) continue
      spellings.add(core).add(core.replaceAll('+', '-').replaceAll('/', '_'))
      if (/[+/]/.test(core)) spellings.add(percentEncoded(core)).add(lowerPercent(percentEncoded(core)))
    }
  }
  return [...spellings].sort((a, b) => b.length - a.length)
}

/** The characters of base64 that depend on these bytes alone when `shift` unknown bytes stand before them. */
function base64Core(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const from = Math.ceil((shift * 8) / 6)
  const whole = Math.floor(((shift + bytes.length) * 8) / 6)
  return text.slice(from, whole)
}

/** Like encodeURIComponent, also for lone surrogates. */
function percentEncoded(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function lowerPercent(text: string): string {
  return text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())
}

function percentDecoded(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
