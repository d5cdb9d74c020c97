import { join } from 'node:path'
import { app } from 'electron'
import { ownSamples } from './samples.ts'

/** Where the parts of the app stand. */
export interface AppPaths {
  /** Folder of the built page. */
  renderer: string
  preload: string
  coreProcess: string
  samples: string
  /** The app's own folder in the user's home. */
  userData: string
}

/** `here` is the folder of the built main script: `dist/electron`, in the package inside `app.asar`. */
export function appPaths(here: string): AppPaths {
  const userData = app.getPath('userData')
  return {
    renderer: join(here, '..', 'renderer'),
    preload: join(here, 'preload.cjs'),
    coreProcess: join(here, 'core-process.cjs'),
    samples: app.isPackaged
      ? ownSamples(join(process.resourcesPath, 'samples'), join(userData, 'samples'))
      : join(here, '..', '..', 'samples'),
    userData,
  }
}
