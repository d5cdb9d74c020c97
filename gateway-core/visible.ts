/**
 * Text from traffic or files for a terminal. Control characters (among them ESC, with which a request could recolour,
 * overwrite or hide lines), invisible formatting, direction overrides and broken surrogates are shown as escapes, so
 * that what stands on the screen is what was sent and takes one line. Longer texts end in `…` after `most` characters.
 */
export function visible(text: string, most = 200): string {
  const cut = text.length > most ? `${text.slice(0, Math.max(0, most - 1))}…` : text
  return plain.test(cut) ? cut : cut.replace(hidden, escapeOne)
}

/** Like `visible`, keeping line breaks and tabs: for bodies that are shown as they are. */
export function visibleLines(text: string): string {
  return text
    .split(/\r\n|\n/)
    .map((line) => line.replace(hidden, (character) => (character === '\t' ? character : escapeOne(character))))
    .join('\n')
}

const plain = /^[\x20-\x7e]*$/
const hidden = /[\p{C}\p{Zl}\p{Zp}]/gu

function escapeOne(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\r') return '\\r'
  if (character === '\t') return '\\t'
  const code = character.codePointAt(0)!
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
}
