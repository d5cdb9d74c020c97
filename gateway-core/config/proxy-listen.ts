import type { WorkspaceFiles } from './files.ts'
import type { Problems } from './problems.ts'
import type { ListenAddress, ProxyListen } from './workspace.ts'

type Mapping = Record<string, unknown>

/** What a workspace says of its forward proxy, besides where it listens. */
export function proxyListenOf(
  address: ListenAddress,
  root: Mapping,
  problems: Problems,
  files: WorkspaceFiles,
): ProxyListen {
  const written = (root['listen'] as Mapping)['proxy']
  const more = (typeof written === 'object' ? written : {}) as { passThrough?: string[]; trust?: string[] }
  warnBoundElsewhere(address, typeof written === 'object', root, problems)
  const passThrough = (more.passThrough ?? []).flatMap((text, at) => {
    const pattern = hostPattern(text)
    if (pattern !== undefined) return [pattern]
    const message = `"${text}" is not a host`
    const suggestion = 'write it like: bank.example, *.bank.example or bank.example:8443'
    problems.at(root, `/listen/proxy/passThrough/${at}`, { code: 'BAD_ADDRESS', message, suggestion })
    return []
  })
  const trust = (more.trust ?? []).flatMap((path, at) => {
    const text = files.text(path)
    if (text?.includes('-----BEGIN CERTIFICATE-----')) return [text]
    const message =
      text === undefined ? `the file ${path} ${files.troubleWith(path)}` : `the file ${path} holds no PEM certificate`
    const suggestion = 'paths start at the workspace'
    problems.at(root, `/listen/proxy/trust/${at}`, { code: 'FILE_MISSING', message, suggestion })
    return []
  })
  return { ...address, passThrough, trust }
}

/** Reads `name`, `*.name` or an address, each with or without a port, in lower case. Undefined when it is something else. */
export function hostPattern(text: string): string | undefined {
  const pattern = text.trim().toLowerCase()
  const fits = /^(?:\[[0-9a-f:.]+\]|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::\d{1,5})?$/.test(pattern)
  return fits ? pattern : undefined
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function warnBoundElsewhere(address: ListenAddress, nested: boolean, root: Mapping, problems: Problems): void {
  if (isLoopback(address.host)) return
  problems.at(root, `/listen/proxy${nested ? '/address' : ''}`, {
    code: 'UNSAFE',
    severity: 'warning',
    message: 'every device of this network can send requests through this machine',
    suggestion: 'listen on 127.0.0.1 unless a phone or another machine has to use it',
  })
}
