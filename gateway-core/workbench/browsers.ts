import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { CannotRun } from './cannot-run.ts'

type Env = Readonly<Record<string, string | undefined>>

/** A browser that was found on this machine. */
export interface Browser {
  id: string
  name: string
  kind: 'chromium' | 'firefox'
  path: string
}

interface Known {
  id: string
  name: string
  kind: Browser['kind']
  /** Names on the path (Linux), and places on macOS and Windows. */
  programs: readonly string[]
  macos: string
  windows: string
}

const known: readonly Known[] = [
  {
    id: 'chromium',
    name: 'Chromium',
    kind: 'chromium',
    programs: ['chromium', 'chromium-browser'],
    macos: 'Chromium.app/Contents/MacOS/Chromium',
    windows: 'Chromium\\Application\\chrome.exe',
  },
  {
    id: 'chrome',
    name: 'Google Chrome',
    kind: 'chromium',
    programs: ['google-chrome', 'google-chrome-stable'],
    macos: 'Google Chrome.app/Contents/MacOS/Google Chrome',
    windows: 'Google\\Chrome\\Application\\chrome.exe',
  },
  {
    id: 'edge',
    name: 'Microsoft Edge',
    kind: 'chromium',
    programs: ['microsoft-edge', 'microsoft-edge-stable'],
    macos: 'Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
    windows: 'Microsoft\\Edge\\Application\\msedge.exe',
  },
  {
    id: 'brave',
    name: 'Brave',
    kind: 'chromium',
    programs: ['brave-browser', 'brave'],
    macos: 'Brave Browser.app/Contents/MacOS/Brave Browser',
    windows: 'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
  },
  {
    id: 'firefox',
    name: 'Firefox',
    kind: 'firefox',
    programs: ['firefox', 'firefox-esr'],
    macos: 'Firefox.app/Contents/MacOS/firefox',
    windows: 'Mozilla Firefox\\firefox.exe',
  },
]

/** The browsers of this machine. Empty where nobody would see a window. */
export function findBrowsers(env: Env): Browser[] {
  if (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return []
  return known.flatMap((browser) => {
    const path = placesOf(browser, env).find(isProgram)
    return path === undefined ? [] : [{ id: browser.id, name: browser.name, kind: browser.kind, path }]
  })
}

function placesOf({ programs, macos, windows }: Known, env: Env): string[] {
  switch (process.platform) {
    case 'darwin':
      return ['/Applications', join(env['HOME'] ?? '/', 'Applications')].map((folder) => join(folder, macos))
    case 'win32':
      return ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((name) =>
        env[name] ? [join(env[name], windows)] : [],
      )
    default:
      return (env['PATH'] ?? '').split(delimiter).flatMap((folder) => programs.map((program) => join(folder, program)))
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A browser that was started. */
export interface RunningBrowser {
  readonly browser: Browser
  /** Resolves when its last window was closed; its profile is gone then. */
  readonly ended: Promise<void>
  close(): Promise<void>
}

export interface BrowserStart {
  browser: Browser
  proxy: string
  /** PEM of the local CA, and its file. */
  ca: string
  caFile: string
  url: string
  env: Env
}

/**
 * Starts a browser with a profile of its own in a temporary folder, its proxy set and our CA accepted: nothing is
 * installed, and nothing of the person's own profile is read or written. The profile is removed when it ends.
 */
export async function startBrowser(start: BrowserStart): Promise<RunningBrowser> {
  const profile = mkdtempSync(join(tmpdir(), 'gatehouse-profile-'))
  const { browser } = start
  const words = browser.kind === 'chromium' ? chromiumWords(start, profile) : await firefoxWords(start, profile)
  // In a group of its own: all its processes end with it, and Ctrl-C in the terminal is ours to answer.
  const child = spawn(browser.path, words, { stdio: 'ignore', detached: true, env: { ...start.env } })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  }).then(() => removeProfile(profile))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', () => resolve())
    child.once('error', (error) => reject(new CannotRun(`${browser.name} does not start: ${error.message}`)))
  })
  return { browser, ended, close: () => end(child, ended) }
}

/** Hash of a public key, as Chromium's list of accepted ones has it. */
export function publicKeyHash(pem: string): string {
  const key = createPublicKey(new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'pem' }))
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64')
}

function chromiumWords({ proxy, ca, url }: BrowserStart, profile: string): string[] {
  return [
    `--user-data-dir=${profile}`,
    `--proxy-server=${proxy}`,
    // Without this, loopback goes by the proxy.
    '--proxy-bypass-list=<-loopback>',
    `--ignore-certificate-errors-spki-list=${publicKeyHash(ca)}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--disable-default-apps',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--disable-domain-reliability',
    '--disable-client-side-phishing-detection',
    '--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication,CertificateTransparencyComponentUpdater,NetworkTimeServiceQuerying',
    '--allow-browser-signin=false',
    '--no-pings',
    '--metrics-recording-only',
    // QUIC would pass the proxy by.
    '--disable-quic',
    ...(process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--new-window',
    url,
  ]
}

async function firefoxWords({ proxy, caFile, url }: BrowserStart, profile: string): Promise<string[]> {
  const { hostname, port } = new URL(proxy)
  const preferences: Record<string, string | number | boolean> = {
    'network.proxy.type': 1,
    'network.proxy.http': hostname,
    'network.proxy.http_port': Number(port),
    'network.proxy.ssl': hostname,
    'network.proxy.ssl_port': Number(port),
    'network.proxy.no_proxies_on': '',
    'network.proxy.allow_hijacking_localhost': true,
    'network.http.http3.enable': false,
    'browser.shell.checkDefaultBrowser': false,
    'browser.aboutwelcome.enabled': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.normandy.enabled': false,
    'network.captive-portal-service.enabled': false,
  }
  const lines = Object.entries(preferences).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`)
  writeFileSync(join(profile, 'user.js'), `${lines.join('\n')}\n`)
  const trusted = await trustInProfile(profile, caFile)
  // Without the tool the certificate is offered: Firefox asks whether to trust it.
  const pages = trusted ? [url] : ['http://gatehouse.internal/ca.crt', url]
  return ['--profile', profile, '--no-remote', '--new-instance', ...pages]
}

/** Puts our CA into the certificates of a Firefox profile. False where certutil of NSS is not there. */
function trustInProfile(profile: string, caFile: string): Promise<boolean> {
  const words = ['-A', '-n', 'Gatehouse', '-t', 'C,,', '-i', caFile, '-d', `sql:${profile}`]
  return new Promise((resolve) => {
    execFile('certutil', words, { timeout: 10_000 }, (error) => resolve(error === null))
  })
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    try {
      if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, name)
      else child.kill(name)
    } catch {
      // It is gone already.
    }
  }
  signal('SIGTERM')
  const timer = setTimeout(() => signal('SIGKILL'), 3_000)
  await ended
  clearTimeout(timer)
}

async function removeProfile(profile: string): Promise<void> {
  // Helper processes may write a last file: once more after a moment.
  for (const waitMs of [0, 200, 1_000]) {
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    try {
      rmSync(profile, { recursive: true, force: true, maxRetries: 2 })
      return
    } catch {
      // Tried again, or left to the system's own cleaning of temporary files.
    }
  }
}
