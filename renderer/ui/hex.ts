/** Bytes in a line of a hex view. */
export const hexWidth = 16

/** One line of a hex view: offset, bytes, and the printable ones as characters. `width` is 16, or 8 where there is no room. */
export function hexLine(
  bytes: Uint8Array,
  line: number,
  width = hexWidth,
): { offset: string; hex: string; text: string } {
  const from = line * width
  const part = bytes.subarray(from, from + width)
  let hex = ''
  let text = ''
  part.forEach((byte, at) => {
    hex += `${at > 0 ? (at === 8 ? '  ' : ' ') : ''}${byte.toString(16).padStart(2, '0')}`
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
  })
  return { offset: from.toString(16).padStart(8, '0'), hex: hex.padEnd(width * 3), text }
}
