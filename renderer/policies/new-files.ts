import type { FileNode } from '../../gateway-core/protocol/types.ts'

/** A kind of file that one begins: where it stands, and a first text that is read without a problem. */
export interface NewFile {
  readonly kind: FileNode['kind']
  readonly title: string
  readonly path: string
  readonly about: string
  readonly text: string
}

export const newFiles: readonly NewFile[] = [
  {
    kind: 'test',
    title: 'Tests',
    path: 'tests/new.yaml',
    about: 'What has to be denied, and what has to pass. They run on the Tests screen and by gatehouse test.',
    text: `# Policy tests. Run them: gatehouse test, or the Tests screen.
tests:
  - name: nobody gets in without saying who they are
    request: GET /
    expect: { verdict: deny }
`,
  },
  {
    kind: 'policies',
    title: 'Policy set',
    path: 'policies/new.yaml',
    about: 'Policies under a name, written once and taken in wherever they are needed.',
    text: `# Named sets: written once, taken in with \`- use: a-minute\`.
a-minute:
  - rate-limiting: { limit: 60, window: 1m, by: ip }
`,
  },
  {
    kind: 'environment',
    title: 'Environment',
    path: 'environments/new.yaml',
    about: 'What is different somewhere else: upstreams, issuers, limits, by name.',
    text: `# Only what is different here. An upstream, for example:
#   shop: { url: https://shop.staging.example.com }
upstreams: {}
`,
  },
  {
    kind: 'openapi',
    title: 'OpenAPI',
    path: 'openapi/new.yaml',
    about: 'What an API promises. Name it in the workspace file: openapi: openapi/new.yaml',
    text: `openapi: 3.1.0
info:
  title: New
  version: 0.1.0
paths:
  /things:
    get:
      operationId: listThings
      responses:
        '200':
          description: All of them.
`,
  },
  {
    kind: 'rules',
    title: 'Rules',
    path: 'rules/new.yaml',
    about: 'Rewrites, mocks, delays and faults for requests that match a query.',
    text: `rules:
  - name: an example that matches nothing
    match: path:/nowhere
    delay: 200ms
`,
  },
  { kind: 'other', title: 'Other', path: 'notes.md', about: 'Any text.', text: '' },
]

/** The first text of a file by where it stands. */
export function firstTextOf(path: string): string {
  const folder = path.slice(0, path.indexOf('/') + 1)
  const known = newFiles.find((one) => folder !== '' && one.path.startsWith(folder))
  return known && /\.ya?ml$/.test(path) ? known.text : ''
}

/** What is wrong with a name before the disk is asked; undefined: nothing. */
export function wrongName(path: string, taken: ReadonlySet<string>): string | undefined {
  if (path.trim() === '' || path.endsWith('/')) return 'Write a name.'
  if (path.trim() !== path || /[\\:*?"<>|\p{Cc}]/u.test(path)) {
    return 'Leave out blanks at the ends and \\ : * ? " < > |'
  }
  if (path.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    return 'Write it from the workspace on: policies/limits.yaml'
  }
  return taken.has(path) ? 'There is such a file already.' : undefined
}
