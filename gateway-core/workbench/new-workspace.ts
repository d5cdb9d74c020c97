import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { stringify } from 'yaml'
import { workspaceFile } from '../config/load.ts'
import { loadOpenApi } from '../openapi/load.ts'
import { operationsOf } from '../openapi/operations.ts'
import { refused } from '../protocol/rpc-error.ts'

/** Files of a workspace that does not exist yet, and what it should be called. */
export interface NewWorkspace {
  name: string
  files: Record<string, string>
}

/** A workspace in front of a server: everything passes, everything is shown. */
export function observingFiles(url: string): NewWorkspace {
  const address = upstreamOf(url)
  const name = slugOf(address.host)
  const text = `# Everything passes to ${address.host}, and everything is shown. Add policies below, and save: they are in force at once.
gatehouse: 1
name: ${quoted(address.host)}

listen: { http: 127.0.0.1:8080 }

upstreams:
  server: ${quoted(address.href.replace(/\/$/, '').replaceAll('${', '$${'))}

apis:
  - name: everything
    upstream: server
    policies: []
`
  return { name, files: { [workspaceFile]: text } }
}

const documentLimit = 20 * 1024 * 1024

/** A workspace from an OpenAPI document (a file, an address or its text): a route for each path, requests validated. */
export async function openApiFiles(given: string, upstream: string): Promise<NewWorkspace> {
  const address = upstreamOf(upstream)
  const { text, file } = await documentOf(given)
  const reading = loadOpenApi(text, `openapi/${file}`, () => undefined)
  if (!reading.document) {
    const [problem] = reading.problems
    const where = problem?.line === undefined ? file : `${file}:${problem.line}:${problem.column ?? 1}`
    throw refused(`this is no OpenAPI document: ${problem?.message ?? 'it is empty'}`, undefined, where)
  }
  const methods = new Map<string, string[]>()
  for (const { template, method } of operationsOf(reading.document).all()) {
    methods.set(template, [...(methods.get(template) ?? []), method])
  }
  if (methods.size === 0) throw refused('the OpenAPI document has no operations', 'add paths to it', file)
  const info = reading.document['info'] as { title?: unknown } | undefined
  const title = typeof info?.title === 'string' && info.title.trim() !== '' ? info.title.trim() : file
  const name = slugOf(title)
  const routes = [...methods].map(
    ([path, list]) => `      - { path: ${JSON.stringify(path)}, methods: [${list.join(', ')}] }`,
  )
  const yaml = `# Made from the OpenAPI document of ${title.replaceAll(/\s+/g, ' ')}: one route for each path, and requests have to fit the document.
gatehouse: 1
name: ${quoted(title)}

listen: { http: 127.0.0.1:8080 }

upstreams:
  server: ${quoted(address.href.replace(/\/$/, '').replaceAll('${', '$${'))}

apis:
  - name: ${name}
    openapi: ${quoted(`openapi/${file}`)}
    upstream: server
    policies:
      - request-validation
    routes:
${routes.join('\n')}
`
  return { name, files: { [workspaceFile]: yaml, [`openapi/${file}`]: text } }
}

/**
 * Writes the files into the folder, or into a new one of that name. A folder that holds a workspace already is left
 * alone, and so is every file that is there. Returns the folder.
 */
export function writeWorkspace(
  files: Readonly<Record<string, string>>,
  folder: string | undefined,
  workspaces: string,
  name: string,
): string {
  const target = folder === undefined ? freeFolder(workspaces, name) : resolve(folder)
  const taken = Object.keys(files).find((path) => existsSync(join(target, path)))
  if (taken !== undefined) throw refused(`${join(target, taken)} is there already`, 'choose another folder, or open it')
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(target, path)), { recursive: true })
      writeFileSync(join(target, path), text, { flag: 'wx' })
    }
    if (!existsSync(join(target, '.gitignore'))) writeFileSync(join(target, '.gitignore'), '.gatehouse/\n')
  } catch (error) {
    throw refused(`${target} cannot be written (${(error as NodeJS.ErrnoException).code})`, 'choose another folder')
  }
  return target
}

function freeFolder(workspaces: string, name: string): string {
  for (let count = 1; ; count++) {
    const folder = join(workspaces, count === 1 ? name : `${name}-${count}`)
    if (!existsSync(folder) || readdirSync(folder).length === 0) return folder
  }
}

function upstreamOf(text: string): URL {
  let url: URL | undefined
  try {
    url = new URL(/^[a-z][a-z+.-]*:\/\//i.test(text.trim()) ? text.trim() : `http://${text.trim()}`)
  } catch {
    // Told below.
  }
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.host === '') {
    throw refused(`"${text.slice(0, 200)}" is no address of a server`, 'write it like http://localhost:3000')
  }
  url.hash = ''
  url.search = ''
  return url
}

async function documentOf(given: string): Promise<{ text: string; file: string }> {
  const isText = given.includes('\n') || /^\s*\{/.test(given)
  if (isText) return { text: given, file: /^\s*\{/.test(given) ? 'api.json' : 'api.yaml' }
  if (/^https?:\/\//i.test(given)) return { text: await fetchText(given), file: fileNameOf(new URL(given).pathname) }
  const path = resolve(given)
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found?.isFile()) throw refused(`there is no file ${path}`, 'name an OpenAPI document, or paste its text')
  if (found.size > documentLimit) throw refused(`${path} is larger than 20 MB`)
  return { text: readFileSync(path, 'utf8'), file: fileNameOf(path) }
}

async function fetchText(url: string): Promise<string> {
  const failed = (why: string) => refused(`the document at ${url} cannot be had: ${why}`, 'save it and name the file')
  let response: Response
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(15_000) })
  } catch (error) {
    throw failed((error as Error).message)
  }
  if (!response.ok) throw failed(`the server answered ${response.status}`)
  if (Number(response.headers.get('content-length') ?? 0) > documentLimit) throw failed('it is larger than 20 MB')
  return response.text()
}

function fileNameOf(path: string): string {
  const name = basename(path).replaceAll(/[^\w.-]/g, '-')
  return /\.(?:ya?ml|json)$/i.test(name) ? name : `${name.replace(/^\.+/, '') || 'api'}.yaml`
}

function slugOf(text: string): string {
  const slug = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
  return slug || 'api'
}

/** A YAML scalar on one line. */
function quoted(text: string): string {
  return stringify(text, { lineWidth: 0, defaultStringType: 'PLAIN', blockQuote: false }).trimEnd()
}
