import { randomBytes } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Document, isMap, parseDocument } from 'yaml'
import type { WorkspaceKey } from './workspace-key.ts'

/** File of a workspace that holds its secrets: names in clear, values encrypted under the workspace key. */
export const secretsFile = 'secrets.enc.yaml'

const header = ` Secrets of this workspace: names in clear, values encrypted with AES-256-GCM under the workspace key.
 This file can be committed; the key (GATEHOUSE_KEY or .gatehouse/key) must not be.`

/** A secret could be read, is not there, or does not open with this key. */
export type SecretReading = { value: string } | { missing: 'name' | 'key' }

/** Names and sealed values, without needing the key. Throws an Error when the text is not a secrets file. */
export function readSecrets(text: string): Map<string, string> {
  const document = parseDocument(text, { prettyErrors: false })
  const content: unknown = document.errors.length > 0 ? undefined : document.toJS()
  if (content === null && document.errors.length === 0) return new Map()
  if (typeof content !== 'object' || content === null)
    throw new Error('it is not a YAML mapping of names to sealed values')
  const entries = Object.entries(content as Record<string, unknown>)
  const other = entries.find(([, sealed]) => typeof sealed !== 'string')
  if (other) throw new Error(`the value of "${other[0]}" is not a sealed text`)
  return new Map(entries as [string, string][])
}

/** Opens one secret of a secrets file. */
export function openSecret(secrets: ReadonlyMap<string, string>, name: string, key: WorkspaceKey): SecretReading {
  const sealed = secrets.get(name)
  if (sealed === undefined) return { missing: 'name' }
  const plain = key.open(Buffer.from(sealed, 'base64'))
  if (!plain) return { missing: 'key' }
  // The name is sealed with the value, so that nobody can swap two entries of the file.
  const [sealedName, value] = JSON.parse(Buffer.from(plain).toString('utf8')) as [string, string]
  return sealedName === name ? { value } : { missing: 'key' }
}

/** Value of a secret; undefined when there is none of this name. Throws when the key does not open it. */
export async function getSecret(folder: string, name: string, key: WorkspaceKey): Promise<string | undefined> {
  const reading = openSecret(readSecrets(await readText(folder)), name, key)
  if ('value' in reading) return reading.value
  if (reading.missing === 'name') return undefined
  throw new Error(`the workspace key does not open the secret "${name}"`)
}

/** Names of all secrets, in the order of the file. */
export async function listSecrets(folder: string): Promise<string[]> {
  return [...readSecrets(await readText(folder)).keys()]
}

/** Adds or replaces a secret. Comments and the order of the file stay. */
export async function setSecret(folder: string, name: string, value: string, key: WorkspaceKey): Promise<void> {
  if (!/^[A-Za-z0-9_][\w.-]*$/.test(name)) {
    throw new Error(`"${name}" is not a name for a secret: use letters, digits, dots, dashes and underscores`)
  }
  const sealed = Buffer.from(key.seal(Buffer.from(JSON.stringify([name, value])))).toString('base64')
  await change(folder, (document) => document.set(name, sealed))
}

/** Removes a secret. False when there was none of this name. */
export async function removeSecret(folder: string, name: string): Promise<boolean> {
  let removed = false
  await change(folder, (document) => {
    removed = document.delete(name)
  })
  return removed
}

async function change(folder: string, edit: (document: Document) => void): Promise<void> {
  const text = await readText(folder)
  readSecrets(text)
  let document = parseDocument(text) as Document
  if (!isMap(document.contents)) {
    document = new Document({})
    document.commentBefore = header
  }
  edit(document)
  const file = join(folder, secretsFile)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, document.toString({ lineWidth: 0 }), { mode: 0o600 })
  await rename(draft, file)
}

async function readText(folder: string): Promise<string> {
  try {
    return await readFile(join(folder, secretsFile), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
