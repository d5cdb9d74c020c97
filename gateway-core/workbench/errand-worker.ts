import { createReadStream, createWriteStream } from 'node:fs'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parentPort } from 'node:worker_threads'
import { exportHar, importHar } from '../capture/har.ts'
import { HarError } from '../capture/har-split.ts'
import { openCaptures } from '../capture/store.ts'
import { WorkspaceKey } from '../config/workspace-key.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import type { ErrandAsked, ErrandDone, ErrandKind, Errands } from './errand-messages.ts'
import { filterOf } from './filter-of.ts'

// The thread that does errands: checking a large workspace, taking traffic in and out. The gateway must not wait for them.

const port = parentPort!
const textLimit = 64 * 1024 * 1024
const mostProblems = 100

const work: { [K in ErrandKind]: (asked: Errands[K]['asked']) => Promise<Errands[K]['answer']> } = {
  async check({ folder, loading }) {
    // With every policy: a HAR need not wait for them.
    const { loadWorkspace } = await import('../config/load.ts')
    const { problems } = await loadWorkspace(folder, loading)
    return [...problems]
  },
  async exportHar({ folder, query, file }) {
    const filter = filterOf(query)
    // Without a key: secrets leave as markers in any case.
    const captures = openCaptures(folder)
    try {
      const entries = captures.count(filter)
      const pieces = exportHar(captures, { query: filter })
      if (file === undefined) return { entries, text: textOf(pieces) }
      const target = resolve(folder, file)
      await pipeline(Readable.from(pieces), createWriteStream(target, { mode: 0o600 })).catch((error: Error) => {
        throw refused(`${target} cannot be written: ${error.message}`, 'choose another place')
      })
      return { entries }
    } finally {
      captures.close()
    }
  },
  async importHar({ folder, key, settings, file, text }) {
    const problems: string[] = []
    const source = file === undefined ? [Buffer.from(text ?? '')] : createReadStream(resolve(folder, file))
    const result = await importHar({
      folder,
      key: new WorkspaceKey(key),
      settings,
      source,
      onProblem: ({ entry, message }) => {
        if (problems.length < mostProblems) problems.push(`entry ${entry + 1} is left out: ${message}`)
      },
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw refused(`there is no file ${file}`)
      if (error instanceof HarError || error.code) throw refused(`this HAR cannot be read: ${error.message}`)
      throw error
    })
    return { entries: result.imported, problems }
  },
}

function textOf(pieces: Iterable<string>): string {
  const parts: string[] = []
  let length = 0
  for (const piece of pieces) {
    length += piece.length
    if (length > textLimit) throw refused('that is more than 64 MB', 'narrow the query, or name a file to write to')
    parts.push(piece)
  }
  return parts.join('')
}

async function run<K extends ErrandKind>({ id, kind, asked }: ErrandAsked<K>): Promise<ErrandDone> {
  try {
    return { id, answer: await work[kind](asked) }
  } catch (error) {
    if (error instanceof RpcError) return { id, failure: error.failure() }
    return { id, bug: (error as Error).stack ?? String(error) }
  }
}

port.on('message', (message: ErrandAsked) => void run(message).then((done) => port.postMessage(done)))
