import { hostLeafFor, type Leaf, type LocalCa } from './local-ca.ts'
import type { TlsMaterial } from './tls.ts'

const mostKept = 512
const renewAfterMs = 30 * 86_400_000

/** Certificates of the local CA for the hosts that clients connect to: made on first use, kept in memory. */
export class HostCertificates {
  readonly #ca: LocalCa
  readonly #leaves = new Map<string, { madeAt: number; leaf: Promise<Leaf> }>()

  constructor(ca: LocalCa) {
    this.#ca = ca
  }

  /** What a server shows that stands in for a host: its certificate, and others for clients that name another by SNI. */
  async materialFor(host: string): Promise<TlsMaterial> {
    return {
      ...(await this.#leafFor(host)),
      clientCa: undefined,
      certificateFor: (serverName) => this.#leafFor(serverName),
    }
  }

  #leafFor(host: string): Promise<Leaf> {
    const known = this.#leaves.get(host)
    if (known && Date.now() - known.madeAt < renewAfterMs) return known.leaf
    const leaf = hostLeafFor(this.#ca, host)
    this.#leaves.set(host, { madeAt: Date.now(), leaf })
    leaf.catch(() => this.#leaves.delete(host))
    if (this.#leaves.size > mostKept) this.#leaves.delete(this.#leaves.keys().next().value!)
    return leaf
  }
}
