/**
 * How electron-builder packs the desktop app. What differs from machine to machine comes from the environment:
 *
 * - signing: `CSC_LINK`, `CSC_KEY_PASSWORD`, `WIN_CSC_LINK`, `WIN_CSC_KEY_PASSWORD`, and for Apple's notary `APPLE_ID`,
 *   `APPLE_APP_SPECIFIC_PASSWORD`, `APPLE_TEAM_ID`; without them the package is not signed;
 * - updates: `GATEHOUSE_UPDATE_URL`, a folder of a web server; without it the package looks for none.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './project-node.mjs'

/** What the bundle leaves outside, because it is native: the store of captures, with the packages that load its binary. */
const nativePackages = ['libsql', '@libsql', '@neon-rs', 'detect-libc']

/** Fuses burnt into the binary: what a packaged app never needs is switched off for good. */
export const fuses = {
  runAsNode: false,
  enableCookieEncryption: true,
  enableNodeOptionsEnvironmentVariable: false,
  enableNodeCliInspectArguments: false,
  enableEmbeddedAsarIntegrityValidation: true,
  onlyLoadAppFromAsar: true,
}

/** The configuration for a runtime as `findElectron` gives it. One that is not official is for tests and never leaves the machine. */
export function builderConfig(runtime, env = process.env, root = projectRoot) {
  const update = env.GATEHOUSE_UPDATE_URL
  const forTests = !runtime.official
  return {
    appId: 'dev.gatehouse.workbench',
    productName: 'Gatehouse',
    copyright: 'Apache-2.0',
    directories: {
      app: root,
      output: join(root, 'dist', 'package'),
      buildResources: join(projectRoot, 'build'),
    },
    electronVersion: runtime.version,
    electronDist: runtime.folder,
    npmRebuild: false,
    asar: true,
    asarUnpack: ['**/*.node', ...(forTests ? ['build/electron-test-runtime/globals.cjs'] : [])],
    files: [
      'package.json',
      'LICENSE',
      'dist/electron/**/*',
      'dist/renderer/**/*',
      '!**/*.map',
      '!node_modules/**/*',
      ...nativePackages.map((name) => `node_modules/${name}/**/*`),
      ...(forTests ? ['build/electron-test-runtime/**/*'] : []),
    ],
    ...(forTests && { extraMetadata: { main: 'build/electron-test-runtime/packaged.cjs' } }),
    extraResources: [{ from: 'samples', to: 'samples', filter: ['**/*', '!**/.gatehouse/**', '!**/secrets.enc.yaml'] }],
    electronFuses: fuses,
    afterPack: ({ appOutDir, packager }) => withoutDefaultApp(packager.getResourcesDir(appOutDir)),
    publish: update ? [{ provider: 'generic', url: update }] : null,
    linux: {
      target: ['AppImage', 'deb'],
      category: 'Development',
      icon: join(projectRoot, 'build', 'icon.png'),
      maintainer: 'Gatehouse',
      executableName: 'gatehouse-workbench',
      synopsis: 'The workbench for API gateway security policies',
    },
    mac: {
      target: ['dmg'],
      category: 'public.app-category.developer-tools',
      icon: join(projectRoot, 'build', 'icon.png'),
      hardenedRuntime: true,
      ...(env.CSC_LINK || env.CSC_NAME ? { notarize: Boolean(env.APPLE_TEAM_ID) } : { identity: null }),
    },
    win: { target: ['nsis'], icon: join(projectRoot, 'build', 'icon.png') },
    nsis: { oneClick: false, perMachine: false, allowToChangeInstallationDirectory: true },
  }
}

/** Electron's own start page: with it, the binary would run any folder that it is given. */
function withoutDefaultApp(resources) {
  for (const name of ['default_app.asar', 'compat']) rmSync(join(resources, name), { recursive: true, force: true })
}
