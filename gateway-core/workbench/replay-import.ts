import { readFileSync } from 'node:fs'
import { loadOpenApi } from '../openapi/load.ts'
import { operationsOf } from '../openapi/operations.ts'
import { basePathsOf } from '../openapi/servers.ts'
import type { Imported } from '../protocol/replay.ts'
import type { ReplayRequest } from '../protocol/replay-request.ts'
import { textOf } from '../replay/collections.ts'
import type { FileRequest } from '../replay/http-file-text.ts'
import { importRequests } from '../replay/import/import.ts'
import { requestOfOperation } from '../replay/import/openapi.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { fillKnownVariables } from '../replay/variables.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import type { ReplayDesk } from './replay-desk.ts'
import { fileIn } from './workspace-paths.ts'

/** Reads requests from a text: into the history, or as a file of the workspace where `into` names one. */
export function importInto(desk: ReplayDesk, from: { text: string; name: string; into?: string }): Imported {
  const { folder } = desk.opened
  const read = (path: string) => {
    try {
      return readFileSync(fileIn(folder, path))
    } catch {
      return undefined
    }
  }
  const { kind, requests, variables, problems } = importRequests(from.text, {
    name: from.name,
    read,
    readFile: (path) => read(path)?.toString('utf8'),
  })
  if (requests.length === 0) return { kind, items: [], problems }
  if (from.into !== undefined) {
    const file = desk.files.create(from.into, uniquelyNamed(requests), variables)
    const items = desk.files.list().files.find(({ path }) => path === file)?.items ?? []
    return { kind, items, problems, file }
  }
  for (const { name, handler } of requests) {
    if (!handler || (Object.keys(handler.captures).length === 0 && handler.status === undefined)) continue
    const what = `what the script of "${name.slice(0, 100)}" takes and checks is not kept in the history`
    problems.push({ what, todo: 'import it as a file of the workspace' })
  }
  // The history has no file whose variables could be used later: those that are known are put in now.
  const items = requests.map(({ name, request }) => {
    const { request: _, runs: _runs, ...item } = desk.create(withVariables(request, variables), name)
    return item
  })
  return { kind, items, problems }
}

function withVariables(request: ReplayRequest, variables: ReadonlyMap<string, string>): ReplayRequest {
  if (variables.size === 0 || request.settings.literal === true) return request
  const fill = (text: string) => fillKnownVariables(text, variables)
  const { body } = request
  return {
    ...request,
    url: fill(request.url),
    headers: request.headers.map((field) => ({ ...field, value: fill(field.value) })),
    body: body?.kind === 'text' ? { ...body, text: fill(body.text) } : body,
  }
}

function uniquelyNamed(requests: readonly FileRequest[]) {
  const seen = new Map<string, number>()
  return requests.map(({ name, ...rest }) => {
    const times = (seen.get(name) ?? 0) + 1
    seen.set(name, times)
    return { ...rest, name: times === 1 ? name : `${name} (${times})` }
  })
}

/** The operations that the documents of the workspace describe. */
export function operationsIn(opened: OpenedWorkspace) {
  // APIs that share a document share its operations too.
  const seen = new Set<string | undefined>()
  return (opened.workspace?.apis ?? []).flatMap(({ name, openapi }) => {
    if (seen.has(openapi)) return []
    seen.add(openapi)
    const document = documentOf(opened, openapi)
    return (document ? operationsOf(document).all() : []).map(({ method, template, operationId }) => ({
      api: name,
      operation: operationId ?? '',
      method,
      path: template,
    }))
  })
}

/** A request that fits an operation, filled with its examples. */
export function requestFor(opened: OpenedWorkspace, api: string, method: string, path: string): ReplayRequest {
  const document = documentOf(opened, opened.workspace?.apis.find(({ name }) => name === api)?.openapi)
  const operation =
    document &&
    operationsOf(document)
      .all()
      .find((one) => one.method === method && one.template === path)
  if (!document || !operation) throw new ReplayError(`there is no operation ${method} ${path}`.slice(0, 200))
  return requestOfOperation(document, operation, basePathsOf(document['servers'])[0] ?? '')
}

function documentOf({ folder }: OpenedWorkspace, path: string | undefined) {
  if (path === undefined) return undefined
  const readFile = (file: string) => {
    try {
      fileIn(folder, file)
      return textOf(folder, file)
    } catch {
      return undefined
    }
  }
  const text = readFile(path)
  return text === undefined ? undefined : loadOpenApi(text, path, readFile).document
}
