import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One request that the load generator sends; several are sent in turn. */
export interface LoadRequest {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  body?: string
}

/** What one run of the load generator saw. */
export interface LoadResult {
  requests: number
  seconds: number
  p99Ms: number
}

export const threads = 2
export const connections = 32

/** A Lua string literal; for ASCII without control characters the notation is that of JSON. */
const lua = (text: string) => JSON.stringify(text)

/** Writes the wrk script that sends these requests in turn, and returns its path. Everything in it is ASCII. */
export function writeLoadScript(folder: string, name: string, requests: readonly LoadRequest[]): string {
  const calls = requests.map(({ method, path, headers, body }) => {
    const table = Object.entries(headers).map(([key, value]) => `[${lua(key)}]=${lua(value)}`)
    return `    wrk.format(${lua(method)}, ${lua(path)}, {["Host"]="127.0.0.1",${table.join(',')}}, ${body === undefined ? 'nil' : lua(body)}),`
  })
  const path = join(folder, `${name}.lua`)
  writeFileSync(
    path,
    `local prepared, turn = {}, 0
function init(args)
  prepared = {
${calls.join('\n')}
  }
end
function request()
  turn = turn % #prepared + 1
  return prepared[turn]
end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"micros":%d,"p99":%d,"bad":%d}\\n', summary.requests, summary.duration,
    latency:percentile(99.0), e.connect + e.read + e.write + e.status + e.timeout))
end
`,
  )
  return path
}

/** Sends load to a port on loopback for some seconds. Any refused, failed or unanswered request is an error: it would falsify the numbers. */
export async function sendLoad(port: number, script: string, seconds: number): Promise<LoadResult> {
  const args = [`-t${threads}`, `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script]
  const child = spawn('wrk', [...args, `http://127.0.0.1:${port}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  child.stdout.on('data', (text: Buffer) => {
    said += text.toString()
  })
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  const found = /^RESULT (.*)$/m.exec(said)?.[1]
  if (found === undefined) throw new Error(`wrk gave no result:\n${said}`)
  const result = JSON.parse(found) as { requests: number; micros: number; p99: number; bad: number }
  if (result.requests === 0) throw new Error(`no request to port ${port} was answered`)
  if (result.bad > 0)
    throw new Error(`${result.bad} of ${result.requests} requests to port ${port} failed or were refused`)
  return { requests: result.requests, seconds: result.micros / 1e6, p99Ms: result.p99 / 1000 }
}
