import type { Target } from '../upstream.ts'

const patienceMs = 5_000

/** Whether a target answers its health page, in 5 s, with anything below 500. */
export function askHealth({ pool, host, basePath }: Target, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    let status = 0
    const call = {
      method: 'GET',
      path: basePath + path,
      headers: ['Host', host],
      body: undefined,
      timeoutMs: patienceMs,
      expectContinue: false,
      trailers: false,
    }
    pool.dispatch(call, {
      onHead: (code) => {
        status = code
        return true
      },
      onData: () => true,
      onEnd: () => resolve(status < 500),
      onFailure: () => resolve(false),
    })
  })
}
