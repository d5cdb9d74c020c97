import { memoryCeiling } from './call.ts'

const headerLength = 54

/** Draws a plain cover as an uncompressed 24-bit BMP of the wanted size in pixels. Throws past the memory ceiling. */
export function drawBitmap(width: number, height: number, seed: number): Buffer {
  const rowLength = Math.ceil((width * 3) / 4) * 4
  const length = headerLength + rowLength * height
  if (!(length <= memoryCeiling)) throw new RangeError(`cannot draw ${width} x ${height}: ${length} bytes`)
  const image = Buffer.alloc(length, (seed * 53) % 256)
  image.write('BM', 0, 'latin1')
  image.writeUInt32LE(length, 2)
  image.writeUInt32LE(0, 6)
  image.writeUInt32LE(headerLength, 10)
  image.writeUInt32LE(40, 14)
  image.writeInt32LE(width, 18)
  image.writeInt32LE(height, 22)
  image.writeUInt16LE(1, 26)
  image.writeUInt16LE(24, 28)
  image.fill(0, 30, headerLength)
  return image
}
