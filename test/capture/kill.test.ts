import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { captures, temporaryFolder } from './records.ts'

const child = fileURLToPath(new URL('./recording-child.ts', import.meta.url))

test('what was recorded more than 100 ms ago survives kill -9', async () => {
  const folder = temporaryFolder()
  const recording = spawn(process.execPath, [child, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  recording.stdout.setEncoding('utf8')
  let killedAt = 0
  for await (const chunk of recording.stdout) {
    output += chunk as string
    if (killedAt === 0 && output.length > 60_000) {
      killedAt = Date.now()
      recording.kill('SIGKILL')
    }
  }
  if (recording.exitCode === null && recording.signalCode === null) await once(recording, 'exit')
  expect(recording.signalCode).toBe('SIGKILL')

  const read = captures(folder)
  const kept = new Set([...read.iterate()].map((exchange) => exchange.id))
  const acknowledged = output
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split(' '))
    .filter(([, time]) => Number(time) <= killedAt - 100)
  expect(acknowledged.length).toBeGreaterThan(500)
  expect(acknowledged.filter(([id]) => !kept.has(id!))).toEqual([])
})
