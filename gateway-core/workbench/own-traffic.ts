import { existsSync, readFileSync } from 'node:fs'
import { X509Certificate } from 'node:crypto'
import { hostPattern, isLoopback } from '../config/proxy-listen.ts'
import { workspaceFile } from '../config/load.ts'
import type { MadeRoute, OwnTraffic, TrustGuide } from '../protocol/own-traffic.ts'
import { refused } from '../protocol/rpc-error.ts'
import { networkAddresses } from '../proxy/forward-proxy-places.ts'
import { pageHost } from '../proxy/forward-proxy-page.ts'
import type { Gateway } from '../proxy/gateway.ts'
import { caPath, ensureLocalCa } from '../proxy/local-ca.ts'
import { Router } from '../proxy/router.ts'
import { findBrowsers, type RunningBrowser, startBrowser } from './browsers.ts'
import type { FileDesk } from './file-desk.ts'
import { type ObservedHost, withHostRoute } from './host-route.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { announceProxy } from './running-gateway.ts'
import { quoted, trustGuides } from './trust-guide.ts'

const usualPort = 8888

/** One's own traffic in an open workspace: its forward proxy, the CA, browsers, routes for what was observed. */
export class OwnTrafficDesk {
  readonly #opened: OpenedWorkspace
  readonly #files: FileDesk
  readonly #changed: (state: OwnTraffic) => void
  readonly #browsers = new Set<RunningBrowser>()
  #gateway: Gateway | undefined
  /** Asked for from a screen: it follows the gateway through restarts. */
  #wanted: { host: string; port: number } | undefined
  #unwatch: (() => void) | undefined

  constructor(opened: OpenedWorkspace, files: FileDesk, changed: (state: OwnTraffic) => void) {
    this.#opened = opened
    this.#files = files
    this.#changed = changed
    this.follow()
  }

  state(): OwnTraffic {
    const { gateway, workspace } = this.#opened
    const address = gateway?.proxy.address
    const network = address !== undefined && !isLoopback(address.host)
    const file = caPath(this.#opened.folder)
    const configured = workspace?.listen.proxy
    return {
      proxy: address
        ? {
            host: network && isAnywhere(address.host) ? '127.0.0.1' : address.host,
            port: address.port,
            url: proxyUrl(address),
            network,
            pages: network ? pagesOf(address) : [],
            configured: configured !== undefined,
          }
        : null,
      gateway: gateway !== undefined,
      ca: existsSync(file) ? { file, fingerprint: new X509Certificate(readFileSync(file)).fingerprint256 } : null,
      passThrough: [
        ...(configured?.passThrough ?? []).map((pattern) => ({ pattern, from: 'workspace' as const })),
        ...(gateway?.proxy.hosts.remembered ?? []).map((pattern) => ({ pattern, from: 'here' as const })),
      ],
      refused: (gateway?.proxy.hosts.refused ?? []).map((host) => ({ ...host })),
      browsers: findBrowsers(this.#opened.env).map(({ id, name }) => ({
        id,
        name,
        open: [...this.#browsers].some(({ browser }) => browser.id === id),
      })),
      command: `gatehouse run ${quoted(this.#opened.folder)} -- `,
    }
  }

  async start({ port, network = false }: { port?: number; network?: boolean }): Promise<OwnTraffic> {
    const gateway = this.#runningGateway()
    const host = network ? '0.0.0.0' : '127.0.0.1'
    try {
      await gateway.proxy.open({ host, port: port ?? usualPort })
    } catch (error) {
      const taken = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'EADDRINUSE'
      if (!taken || port !== undefined) throw refused((error as Error).message)
      // Nobody asked for this port: any other will do.
      await gateway.proxy.open({ host, port: 0 })
    }
    this.#wanted = { host, port: gateway.proxy.address!.port }
    return this.#tell()
  }

  async stop(): Promise<OwnTraffic> {
    this.#wanted = undefined
    await this.#closeBrowsers()
    await this.#opened.gateway?.proxy.close(1_000)
    return this.#tell()
  }

  passThrough(text: string): OwnTraffic {
    const pattern = hostPattern(text)
    if (pattern === undefined)
      throw refused(`"${text.slice(0, 100)}" is no host`, 'write it like bank.example or *.bank.example')
    this.#runningGateway().proxy.hosts.pass(pattern)
    return this.state()
  }

  openAgain(pattern: string): OwnTraffic {
    this.#runningGateway().proxy.hosts.open(pattern)
    return this.state()
  }

  trust(): TrustGuide[] {
    const [page = `http://${pageHost}/`] = this.state().proxy?.pages ?? []
    return trustGuides(caPath(this.#opened.folder), page)
  }

  async certificate(): Promise<{ pem: string }> {
    const ca = await ensureLocalCa(this.#opened.folder)
    return { pem: ca.certificate }
  }

  async browser(id: string, url: string | undefined): Promise<OwnTraffic> {
    const browser = findBrowsers(this.#opened.env).find((one) => one.id === id)
    if (!browser) throw refused('this browser is not on this machine', 'choose another, or use gatehouse run')
    if (url !== undefined && !/^https?:\/\//i.test(url))
      throw refused('this is no address', 'write it like https://example.com')
    if (!this.#opened.gateway?.proxy.address) await this.start({})
    const ca = await ensureLocalCa(this.#opened.folder)
    const proxy = proxyUrl(this.#opened.gateway!.proxy.address!)
    const running = await startBrowser({
      browser,
      proxy,
      ca: ca.certificate,
      caFile: caPath(this.#opened.folder),
      url: url ?? 'about:blank',
      env: this.#opened.env,
    }).catch((error: Error) => {
      throw refused(error.message)
    })
    this.#browsers.add(running)
    void running.ended.then(() => {
      this.#browsers.delete(running)
      this.#tell()
    })
    return this.#tell()
  }

  /** Adds a route for the host of an exchange. The next request to that host meets it. */
  async makeRoute(id: string): Promise<MadeRoute> {
    const exchange = this.#opened.captures.get(id)
    if (!exchange) throw refused('this exchange is not recorded any more')
    const { scheme, authority } = exchange.request
    return this.makeRouteFor({ scheme, authority })
  }

  async makeRouteFor(observed: ObservedHost): Promise<MadeRoute> {
    if (observed.authority === '') throw refused('this exchange names no host')
    const { workspace } = this.#opened
    const known = workspace && new Router(workspace.routes).routeOf(observed.authority, observed.scheme)
    if (known) {
      const { file: path, line } = known.position
      return { made: false, host: observed.authority, path, line }
    }
    const { text, version, draft } = this.#files.read(workspaceFile)
    if (draft) throw refused(`${workspaceFile} has edits that are not saved`, 'save or undo them first')
    const { text: next, line } = withHostRoute(text, observed)
    const written = this.#files.write(workspaceFile, next, version)
    if (written.state !== 'saved') throw refused(`${workspaceFile} was changed meanwhile`, 'try it again')
    await this.#opened.reload()
    return { made: true, host: observed.authority, path: workspaceFile, line }
  }

  /** The gateway may be another one: what was asked for is opened there again. */
  follow(): void {
    const { gateway } = this.#opened
    if (gateway === this.#gateway) return
    this.#gateway = gateway
    this.#unwatch?.()
    this.#unwatch = gateway?.proxy.hosts.watch(() => this.#tell())
    const wanted = this.#wanted
    if (gateway && wanted && !gateway.proxy.address) {
      gateway.proxy.open(wanted).then(
        () => this.#tell(),
        () => this.#tell(),
      )
    } else if (gateway === undefined) this.#tell()
  }

  async close(): Promise<void> {
    this.#unwatch?.()
    await this.#closeBrowsers()
  }

  async #closeBrowsers(): Promise<void> {
    await Promise.all([...this.#browsers].map((browser) => browser.close()))
  }

  #runningGateway(): Gateway {
    const { gateway } = this.#opened
    if (!gateway) throw refused('the gateway does not run', 'start it first')
    return gateway
  }

  #tell(): OwnTraffic {
    const { gateway } = this.#opened
    if (gateway) announceProxy(this.#opened.folder, gateway.proxy.address && proxyUrl(gateway.proxy.address))
    const state = this.state()
    this.#changed(state)
    return state
  }
}

/** What programs on this machine are given: a listener on every address is reached by loopback too. */
function proxyUrl({ host, port, url }: { host: string; port: number; url: string }): string {
  return isAnywhere(host) ? `http://127.0.0.1:${port}` : url
}

function isAnywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function pagesOf({ host, port }: { host: string; port: number }): string[] {
  const all = networkAddresses()
  // Phones ask for the proxy's address in a field that is made for IPv4.
  const plain = all.filter((one) => !one.includes(':'))
  const hosts = !isAnywhere(host) ? [host] : plain.length > 0 ? plain : all
  return hosts.map((one) => `http://${one.includes(':') ? `[${one}]` : one}:${port}/`)
}
