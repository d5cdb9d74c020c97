import { CannotRun } from './command.ts'
import type { Io } from './io.ts'

/** Asks on the terminal for one line without showing it. Throws CannotRun when the person gives up (Ctrl-C, Ctrl-D). */
export function readHidden({ stdin, stderr }: Io, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let value = ''
    const finish = (end: () => void) => {
      stdin.off('data', onData)
      stdin.setRawMode(false)
      stdin.pause()
      stderr.write('\n')
      end()
    }
    const onData = (chunk: Buffer) => {
      for (const character of chunk.toString('utf8')) {
        if (character === '\r' || character === '\n') return finish(() => resolve(value))
        if (character === '\x03' || character === '\x04') return finish(() => reject(new CannotRun('nothing was set')))
        if (character === '\x7f' || character === '\b') value = value.replace(/.$/su, '')
        else value += character
      }
    }
    stderr.write(question)
    stdin.setRawMode(true)
    stdin.on('data', onData)
    stdin.resume()
  })
}
