/** Bytes in a line of a hex view. */
export const hexWidth = 16

/** One line of a hex view: offset, bytes, and the printable ones as characters. */
export function hexLine(bytes: Uint8Array, line: number): { offset: string; hex: string; text: string } {
  const from = line * hexWidth
  const part = bytes.subarray(from, from + hexWidth)
  let hex = ''
  let text = ''
  part.forEach((byte, at) => {
    hex += `${at > 0 ? (at === 8 ? '  ' : ' ') : ''}${byte.toString(16).padStart(2, '0')}`
    text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
  })
  return { offset: from.toString(16).padStart(8, '0'), hex: hex.padEnd(hexWidth * 3), text }
}
