import { openRecorder } from '../../gateway-core/capture/recorder.ts'
import { record, settings, testKey } from './records.ts'

// Records without end and says so, line by line, until it is killed: `id time`.
const recorder = openRecorder({ folder: process.argv[2]!, key: testKey, settings })
await recorder.flush()

function go(): void {
  let lines = ''
  for (let at = 0; at < 20; at++) {
    const exchange = record()
    recorder.record(exchange)
    lines += `${exchange.id} ${Date.now()}\n`
  }
  process.stdout.write(lines)
  setTimeout(go, 2)
}
go()
