import { X509Certificate } from 'node:crypto'
import type { Inbound } from './connection.ts'
import { caPem, type LocalCa } from './local-ca.ts'

/** The name under which every client of the forward proxy finds its page. No such name exists outside (`.internal` is reserved). */
export const pageHost = 'gatehouse.internal'

export function isPageHost(authority: string): boolean {
  return authority === pageHost || authority === `${pageHost}:80`
}

/** Answers what a client asks of the proxy itself: a page for phones, and the certificate of the CA to download. */
export function answerPage({ head, req, res }: Inbound, ca: LocalCa, address: string): void {
  req.resume()
  const answer = answerFor(head.method, head.path, ca, address)
  res.statusCode = answer.status
  res.setHeader('content-type', answer.type)
  res.setHeader('cache-control', 'no-store')
  res.setHeader('x-content-type-options', 'nosniff')
  res.setHeader('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
  if (answer.file !== undefined) res.setHeader('content-disposition', `attachment; filename="${answer.file}"`)
  if (answer.status === 405) res.setHeader('allow', 'GET, HEAD')
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body
  res.setHeader('content-length', body.length)
  if (head.method === 'HEAD') res.end()
  else res.end(body)
}

interface Answer {
  status: number
  type: string
  body: string | Buffer
  file?: string
}

const certificateType = 'application/x-x509-ca-cert'

function answerFor(method: string, path: string, ca: LocalCa, address: string): Answer {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: 'text/plain', body: 'Only GET and HEAD.\n' }
  switch (path) {
    case '/':
      return { status: 200, type: 'text/html; charset=utf-8', body: page(ca, address) }
    case '/ca.pem':
      return { status: 200, type: certificateType, body: `${caPem(ca).trim()}\n`, file: 'gatehouse-ca.pem' }
    // Phones take DER by this ending.
    case '/ca.crt':
    case '/ca.der':
      return { status: 200, type: certificateType, body: derOf(ca), file: `gatehouse-ca${path.slice(3)}` }
    default:
      return { status: 404, type: 'text/plain', body: 'There is /, /ca.pem and /ca.crt.\n' }
  }
}

/** DER of the CA certificate. */
export function derOf(ca: LocalCa): Buffer {
  return new X509Certificate(ca.certificate).raw
}

/** SHA-256 fingerprint of the CA certificate, by which a person compares it. */
export function fingerprintOf(ca: LocalCa): string {
  return new X509Certificate(ca.certificate).fingerprint256
}

function page(ca: LocalCa, address: string): string {
  const [host, port] = splitAddress(address)
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Gatehouse: this device’s traffic</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.3rem; } h2 { font-size: 1.05rem; margin-top: 2rem; }
  code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
  a.button { display: inline-block; padding: 0.6rem 1rem; border-radius: 6px; background: #2563eb; color: #fff; text-decoration: none; }
</style>
<h1>Gatehouse sees what this device sends</h1>
<p>Proxy: host <code>${host}</code>, port <code>${port}</code>.</p>
<p>To read HTTPS too, this device has to trust the certificate of this one workspace. Its key never leaves that computer.
Compare the fingerprint with the one shown there:</p>
<p><code>${fingerprintOf(ca)}</code></p>
<p><a class="button" href="/ca.crt">Download the certificate</a></p>
<h2>iPhone and iPad</h2>
<ol>
<li>Settings, Wi-Fi, the (i) of the network, Configure Proxy, Manual: the host and port above.</li>
<li>Download the certificate in Safari and allow it; then Settings, Profile Downloaded, Install.</li>
<li>Settings, General, About, Certificate Trust Settings: switch it on.</li>
</ol>
<h2>Android</h2>
<ol>
<li>Settings, Network, the Wi-Fi, edit, Advanced, Proxy, Manual: the host and port above.</li>
<li>Download the certificate; then Settings, Security, More, Install a certificate, CA certificate.</li>
<li>Browsers trust it then; other apps only where they are built to (a debug build with a network security configuration).</li>
</ol>
<h2>Afterwards</h2>
<p>Set the proxy to Off again, and remove the certificate in the same place.</p>
</html>
`
}

function splitAddress(address: string): [host: string, port: string] {
  const at = address.lastIndexOf(':')
  return [address.slice(0, at), address.slice(at + 1)]
}
