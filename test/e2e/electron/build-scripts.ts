import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** The folder of the project. */
export const root = dirname(dirname(dirname(import.meta.dirname)))

const script = (name: string): Promise<unknown> => import(pathToFileURL(join(root, 'build', name)).href)

type Runtime = { binary: string; folder: string; version: string; official: boolean }

/** The project's own scripts, which are plain JavaScript, as the tests use them. */
export const { findElectron, cacheFolder } = (await script('electron-runtime.mjs')) as {
  findElectron: () => Runtime | { problem: string }
  cacheFolder: () => string
}
export const { findProjectNode } = (await script('project-node.mjs')) as { findProjectNode: () => string | undefined }
export const { isStale } = (await script('stale.mjs')) as { isStale: (root: string) => boolean }
