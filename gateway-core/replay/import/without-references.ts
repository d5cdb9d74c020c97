import type { ReplayRequest } from '../../protocol/replay-request.ts'
import type { ImportedRequests } from './imported.ts'

/**
 * What other tools wrote knows no secrets of ours: `${secret:…}` and `${env:…}` in it are only text, and stay text when it is
 * sent. Else whoever hands on a command, or a collection, would get those of whoever sends it.
 */
export function withoutReferences(imported: ImportedRequests): ImportedRequests {
  return {
    ...imported,
    requests: imported.requests.map((one) => ({ ...one, request: asText(one.request) })),
    variables: new Map([...imported.variables].map(([name, value]) => [name, escaped(value)])),
  }
}

function asText(request: ReplayRequest): ReplayRequest {
  if (request.settings.literal === true) return request
  const { body } = request
  return {
    ...request,
    method: escaped(request.method),
    url: escaped(request.url),
    headers: request.headers.map((field) => ({ ...field, name: escaped(field.name), value: escaped(field.value) })),
    body:
      body?.kind === 'text'
        ? { ...body, text: escaped(body.text) }
        : body?.kind === 'file'
          ? { ...body, path: escaped(body.path) }
          : body,
  }
}

function escaped(text: string): string {
  return text
    .replaceAll(/\$\$\{|\$\{(?=(?:secret|env):)/g, (whole) => `$${whole}`)
    .replaceAll(/\{\{\s*\$(?:processEnv\s+|env\.)(\w+)\s*\}\}/g, '{{$1}}')
}
