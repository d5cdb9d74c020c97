import { existsSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { derOf, fingerprintOf, pageHost } from '../proxy/forward-proxy-page.ts'
import { caPath, ensureLocalCa } from '../proxy/local-ca.ts'
import type { TrustGuide } from '../protocol/own-traffic.ts'
import { trustGuides } from '../workbench/trust-guide.ts'
import { CannotRun, defineCommand } from './command.ts'
import { type Io, printJson } from './io.ts'
import { isWorkspace, shownPath, workspaceFolder } from './load.ts'
import { visible } from '../visible.ts'

export const ca = defineCommand({
  usage: 'ca export [workspace] [--out file] [--format pem|der]\n       gatehouse ca trust [workspace] [--on system]',
  about: `The local CA of a workspace, which signs what its HTTPS listener and its forward proxy show. It is made on first use and
lies in .gatehouse/tls; its key never leaves that folder. "trust" prints what to do on each system, and how to undo it;
Gatehouse itself installs nothing anywhere. Programs that "gatehouse run" starts need none of it.
Exit code 0, 2 when it could not be read or written.`,
  options: {
    out: { type: 'string', value: 'file', help: 'Write the certificate there instead of to stdout.' },
    format: { type: 'string', value: 'pem|der', help: 'Form of the certificate; pem without it.' },
    on: { type: 'string', value: 'system', help: 'Only this one: curl, node, python, java, debian, macos, firefox, …' },
  },
  words: 2,
  examples: [
    ['ca export --out gatehouse-ca.pem', 'the certificate, to be given to a program'],
    ['ca trust --on firefox', 'what to do in Firefox, and how to undo it'],
  ],
  json: 'export: {file or null, pem, fingerprint, subject}; trust: [{id, title, steps: [{text} or {command}], undo: […]}]',
  async run({ options, words, io }) {
    const [action, place] = words
    if (action !== 'export' && action !== 'trust') {
      throw new CannotRun('what about the CA? export or trust', 'write: gatehouse ca export, or gatehouse ca trust')
    }
    const folder = workspaceFolder(io, place)
    if (!isWorkspace(io, place ?? '.') && !existsSync(caPath(folder))) {
      throw new CannotRun('there is no workspace here, and no CA of one', 'name the folder of a workspace')
    }
    const made = await ensureLocalCa(folder)
    if (action === 'trust') return trust(io, caPath(folder), options)
    const { format = 'pem', out } = options
    if (format !== 'pem' && format !== 'der') throw new CannotRun(`--format ${visible(format, 40)}`, 'write pem or der')
    const bytes = format === 'der' ? derOf(made) : Buffer.from(`${made.certificate.trim()}\n`)
    const file = out === undefined ? null : resolve(io.cwd, out)
    if (file !== null) write(file, bytes)
    const fingerprint = fingerprintOf(made)
    if (options.json) printJson(io, { file, pem: made.certificate.trim(), fingerprint })
    else if (file === null) io.stdout.write(bytes)
    else io.print(`${shownPath(io, file)} written, SHA-256 ${fingerprint}`)
    return 0
  },
})

function trust(io: Io, pem: string, { on, json }: { on?: string; json?: boolean }): 0 {
  const all = trustGuides(pem, `http://${pageHost}/`)
  const guides = on === undefined ? all : all.filter(({ id }) => id === on.toLowerCase())
  if (guides.length === 0) {
    throw new CannotRun(`--on ${visible(on!, 40)} is not known`, `there are: ${all.map(({ id }) => id).join(', ')}`)
  }
  if (json) printJson(io, guides)
  else io.print(guides.map((guide) => guideText(io, guide)).join('\n\n'))
  return 0
}

function guideText(io: Io, { id, title, steps, undo }: TrustGuide): string {
  const lines = (list: TrustGuide['steps'], style: 'cyan' | 'dim') =>
    list.map((step) => ('command' in step ? `    ${io.paint(style, step.command)}` : `  ${step.text}`))
  return [
    `${io.paint('bold', title)} ${io.paint('dim', `(${id})`)}`,
    ...lines(steps, 'cyan'),
    '  To undo it:',
    ...lines(undo, 'dim'),
  ].join('\n')
}

function write(file: string, bytes: Buffer): void {
  try {
    writeFileSync(file, bytes)
  } catch (error) {
    throw new CannotRun(`${visible(file)} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
}
