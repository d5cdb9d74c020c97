import type { Handler, Routes } from './call.ts'

interface Line {
  method: string
  segments: string[]
  handler: Handler
}

/** Finds the handler of a request and the values of its path parameters; `undefined` when no line matches. */
export type Find = (method: string, path: string) => { handler: Handler; params: Record<string, string> } | undefined

/** Compiles the route tables. A literal segment wins over `{…}` by standing earlier in its table. HEAD is answered as GET. */
export function compileRoutes(...tables: Routes[]): Find {
  const lines: Line[] = tables.flatMap((table) =>
    Object.entries(table).map(([key, handler]) => {
      const [method, template] = key.split(' ') as [string, string]
      return { method, segments: template.split('/'), handler }
    }),
  )
  return (method, path) => {
    const segments = path.split('/')
    const wanted = method === 'HEAD' ? 'GET' : method
    for (const line of lines) {
      if (line.method !== wanted || line.segments.length !== segments.length) continue
      const params = bind(line.segments, segments)
      if (params) return { handler: line.handler, params }
    }
    return undefined
  }
}

function bind(template: string[], segments: string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {}
  for (const [index, part] of template.entries()) {
    const segment = segments[index] as string
    if (part.startsWith('{')) params[part.slice(1, -1)] = decodeURIComponent(segment)
    else if (part !== segment) return undefined
  }
  return params
}
