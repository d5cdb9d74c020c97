import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** A Debian package that something here needs, how to see that it is there, and why it is needed. */
export interface DebianPackage {
  name: string
  /** An absolute path that exists once the package is installed. */
  provides: string
  why: string
}

const libraries = process.arch === 'arm64' ? '/usr/lib/aarch64-linux-gnu' : '/usr/lib/x86_64-linux-gnu'

/** What the tests need beyond npm. */
export const testPackages: readonly DebianPackage[] = [
  {
    name: 'openssl',
    provides: '/usr/bin/openssl',
    why: 'tests look at our certificates and TLS with a tool that is not ours',
  },
  {
    name: 'curl',
    provides: '/usr/bin/curl',
    why: 'tests send requests as a user would: HTTP/2, 100-continue, client certificates',
  },
  { name: 'chromium', provides: '/usr/bin/chromium', why: 'the screens are tried in a real browser' },
]

/** What the tests of the desktop app need: a display without a screen, and what Electron's binary is linked with. */
export const desktopPackages: readonly DebianPackage[] = [
  { name: 'xvfb', provides: '/usr/bin/Xvfb', why: 'a display in memory: the tests open real windows' },
  { name: 'libgtk-3-0', provides: `${libraries}/libgtk-3.so.0`, why: 'Electron draws menus and dialogs with GTK' },
  { name: 'libnss3', provides: `${libraries}/libnss3.so`, why: 'Chromium loads its certificates through NSS' },
  { name: 'libgbm1', provides: `${libraries}/libgbm.so.1`, why: 'Chromium allocates what it paints through GBM' },
  { name: 'libasound2', provides: `${libraries}/libasound.so.2`, why: 'Chromium is linked with ALSA' },
]

/** What the benchmark compares with, and the load generator. */
export const benchPackages: readonly DebianPackage[] = [
  { name: 'wrk', provides: '/usr/bin/wrk', why: 'generates the load' },
  { name: 'nginx', provides: '/usr/sbin/nginx', why: 'the upstream of every scenario, and a gateway to compare with' },
  {
    name: 'libnginx-mod-http-js',
    provides: '/usr/lib/nginx/modules/ngx_http_js_module.so',
    why: 'nginx with JWT checks (njs)',
  },
  { name: 'haproxy', provides: '/usr/sbin/haproxy', why: 'a gateway to compare with (jwt_verify, stick tables)' },
]

/**
 * Sees to it that these packages are installed: installs what is missing when this is root on Debian. Returns nothing
 * when all are there, else a message with what is missing, why it is needed, and the command that would help.
 */
export function ensureDebianPackages(packages: readonly DebianPackage[]): string | undefined {
  const missing = () => packages.filter(({ provides }) => !existsSync(provides) && !onPath(provides))
  let lacking = missing()
  if (lacking.length === 0) return undefined
  const names = lacking.map(({ name }) => name)
  if (existsSync('/etc/debian_version') && process.getuid?.() === 0) {
    console.log(`Installing Debian packages: ${names.join(' ')} …`)
    // Run level 1 keeps the packages from starting their own services.
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
    const apt = (...args: string[]) =>
      spawnSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env })
    const install = ['install', '-y', '--no-install-recommends', ...names]
    // The package lists of a fresh machine may be missing or old; they are fetched only when they do not suffice.
    if (apt(...install).status !== 0) {
      apt('update')
      apt(...install)
    }
    lacking = missing()
    if (lacking.length === 0) return undefined
  }
  const reasons = lacking.map(({ name, why }) => `  ${name}: ${why}`)
  return [
    'Missing on this machine:',
    ...reasons,
    `On Debian or Ubuntu, run: sudo apt-get update && sudo apt-get install -y ${lacking.map(({ name }) => name).join(' ')}`,
  ].join('\n')
}

/** Other systems keep the same program elsewhere; for a program (not a module) being on the PATH is enough. */
function onPath(provides: string): boolean {
  const program = /\/s?bin\/([^/]+)$/.exec(provides)?.[1]
  if (program === undefined) return false
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${program}`))
}
