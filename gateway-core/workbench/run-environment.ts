import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemRoots } from '../proxy/observed-origins.ts'
import { javaTrustStore, trustStorePassword } from './java-trust-store.ts'

type Env = Readonly<Record<string, string | undefined>>

export interface RunPlace {
  /** URL of the forward proxy. */
  proxy: string
  /** PEM of the local CA: its file, and its text. */
  caFile: string
  ca: string
  /** Folder for files that live as long as the program. */
  folder: string
}

/**
 * Environment of a program whose traffic goes through the forward proxy and that trusts the local CA. Nothing outside
 * `folder` is written, and nothing stays.
 */
export function runEnvironment(env: Env, place: RunPlace): Record<string, string | undefined> {
  const { proxy, caFile } = place
  mkdirSync(place.folder, { recursive: true, mode: 0o700 })
  const bundle = join(place.folder, 'ca-bundle.pem')
  // What reads a bundle trusts nothing else: all that the system trusts is in it.
  const trusted = [...systemRoots(env), place.ca]
  writeFileSync(bundle, `${trusted.map((pem) => pem.trim()).join('\n')}\n`)
  const extra = env['NODE_EXTRA_CA_CERTS']
  return {
    ...env,
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    // WebSocket clients look here; what speaks SOCKS alone does not understand it and goes on directly.
    ALL_PROXY: proxy,
    all_proxy: proxy,
    // The person's own exceptions would let traffic slip by; loopback is what is looked at most often.
    NO_PROXY: '',
    no_proxy: '',
    SSL_CERT_FILE: bundle,
    CURL_CA_BUNDLE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    GIT_SSL_CAINFO: bundle,
    AWS_CA_BUNDLE: bundle,
    PIP_CERT: bundle,
    GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: bundle,
    CARGO_HTTP_CAINFO: bundle,
    DENO_CERT: caFile,
    // One file alone: another that was set is part of ours.
    NODE_EXTRA_CA_CERTS: extra && existsSync(extra) ? bundle : caFile,
    NODE_USE_ENV_PROXY: '1',
    ...javaOptions(env, place, trusted),
  }
}

/** Java reads neither proxy nor CA variables, but options; its store replaces that of the JDK, so all CAs are in it. */
function javaOptions(env: Env, { proxy, folder }: RunPlace, trusted: readonly string[]): Record<string, string> {
  // Words with blanks cannot be written in this variable.
  if (folder.includes(' ')) return {}
  const { hostname: host, port } = new URL(proxy)
  const store = join(folder, 'truststore.jks')
  writeFileSync(store, javaTrustStore(trusted, Date.now()))
  const proxies = ['http', 'https'].flatMap((kind) => [`-D${kind}.proxyHost=${host}`, `-D${kind}.proxyPort=${port}`])
  const trust = [`-Djavax.net.ssl.trustStore=${store}`, `-Djavax.net.ssl.trustStorePassword=${trustStorePassword}`]
  const own = env['JAVA_TOOL_OPTIONS'] ? [env['JAVA_TOOL_OPTIONS']] : []
  return { JAVA_TOOL_OPTIONS: [...own, ...proxies, '-Dhttp.nonProxyHosts=', ...trust].join(' ') }
}
