import type { Report } from './load.ts'
import { isObject, join, lookUp, pointerOfReference } from './pointer.ts'

/** Methods that a path item can describe (OpenAPI 3.1 §4.8.9). */
export const operationMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const

/** Reports what the gateway would have to guess about in `paths`: templates, methods, parameters. Works on the document as written. */
export function checkPaths(written: Record<string, unknown>, path: string, report: Report): void {
  const paths = written['paths']
  const warn = (pointer: string, message: string, suggestion?: string): void =>
    report({ severity: 'warning', path, pointer, message, suggestion })
  if (paths === undefined && (written['components'] || written['webhooks'])) return
  if (!isObject(paths)) {
    report({
      severity: 'error',
      path,
      pointer: paths === undefined ? '' : '/paths',
      message: '`paths` has to be a mapping of path templates',
    })
    return
  }
  for (const [template, item] of Object.entries(paths)) {
    if (template.startsWith('x-')) continue
    const at = join('/paths', template)
    if (!template.startsWith('/')) {
      warn(at, `path "${template}" does not begin with a slash; it is read as "/${template}"`, `write "/${template}"`)
    }
    if (!isObject(item)) {
      warn(at, `path "${template}" describes nothing`)
      continue
    }
    checkItem(written, template, item, at, warn)
  }
}

type Warn = (pointer: string, message: string, suggestion?: string) => void

function checkItem(written: unknown, template: string, item: Record<string, unknown>, at: string, warn: Warn): void {
  const names = new Set([...template.matchAll(/\{([^{}]*)\}/g)].map((match) => match[1]!))
  if (template.replaceAll(/\{[^{}]*\}/g, '').match(/[{}]/)) {
    warn(at, `path "${template}" has a brace without its partner; it is read literally`)
  }
  const shared = parametersOf(written, item['parameters'])
  for (const method of operationMethods) {
    const operation = item[method]
    if (operation === undefined) continue
    const pointer = join(at, method)
    if (!isObject(operation)) {
      warn(pointer, `${method.toUpperCase()} ${template} is not a mapping; it counts as not documented`)
      continue
    }
    const declared = [...shared, ...parametersOf(written, operation['parameters'])]
    if (declared.includes(undefined)) continue
    const inPath = new Set(
      declared.filter((parameter) => parameter!['in'] === 'path').map((parameter) => parameter!['name']),
    )
    for (const name of names) {
      if (!inPath.has(name))
        warn(pointer, `{${name}} in "${template}" is no parameter of ${method.toUpperCase()}; any segment matches`)
    }
    for (const name of inPath) {
      if (!names.has(String(name)))
        warn(pointer, `path parameter "${String(name)}" is not in "${template}"; it is ignored`)
    }
  }
}

/** Parameters with local references followed; undefined for those in other files. */
function parametersOf(written: unknown, list: unknown): (Record<string, unknown> | undefined)[] {
  if (!Array.isArray(list)) return []
  return list.map((entry) => {
    let current: unknown = entry
    for (let hops = 0; hops < 20 && isObject(current) && typeof current['$ref'] === 'string'; hops += 1) {
      const pointer = pointerOfReference(current['$ref'])
      current = pointer === undefined ? undefined : lookUp(written, pointer)
    }
    return isObject(current) ? current : undefined
  })
}
