import type { Params } from '../../gateway-core/protocol/protocol.ts'
import { useWidths } from './column-widths.ts'
import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import type { Action } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellDone, useNotices } from '../shell/notices.ts'
import { useWorkbench } from '../shell/workbench.ts'
import { makeTestKey } from '../tests/tests-store.ts'
import { plural } from '../ui/format.ts'
import { copyText, enterExchange } from './exchange-store.ts'
import { chooseCase, isCase, saveCase } from './cases.ts'
import { chooseText, saveText } from './text-files.ts'
import { lookAt, useTime } from './time-store.ts'
import { focusTable } from './table-focus.ts'
import { useToolbar } from './toolbar-store.ts'
import { select, selectId, setFollowing, setQuery, switchOrder, table, useTraffic } from './traffic-store.ts'

const group = 'Traffic'
const selected = () => useTraffic.getState().selected
/** An exchange of this workspace; a case that somebody sent is only looked at. */
const hasSelection = () => selected() !== undefined && !isCase(selected())
const isShown = () => selected() !== undefined
const step = (by: number) => {
  const { selectedIndex } = useTraffic.getState()
  // Where nothing is found yet it is the first that comes.
  select(selectedIndex < 0 ? 0 : Math.max(0, Math.min(table.length - 1, selectedIndex + by)))
}

/** What can be done on the Traffic screen. */
export function trafficActions(screen: { focusQuery: () => void }): Action[] {
  return [
    {
      id: 'traffic.query',
      title: 'Filter the traffic',
      group,
      shortcut: '/',
      keywords: 'search find query',
      run: screen.focusQuery,
    },
    { id: 'traffic.next', title: 'Next exchange', group, shortcut: 'j ArrowDown', hidden: true, run: () => step(1) },
    {
      id: 'traffic.previous',
      title: 'Previous exchange',
      group,
      shortcut: 'k ArrowUp',
      hidden: true,
      run: () => step(-1),
    },
    { id: 'traffic.pageDown', title: 'A page down', group, shortcut: 'PageDown', hidden: true, run: () => step(20) },
    { id: 'traffic.pageUp', title: 'A page up', group, shortcut: 'PageUp', hidden: true, run: () => step(-20) },
    {
      id: 'traffic.follow',
      title: 'Go to the newest and follow',
      group,
      shortcut: 'g Home',
      run() {
        if (useTraffic.getState().order === 'oldest') switchOrder()
        setFollowing(true)
        document.querySelector('.traffic-scroll')?.scrollTo(0, 0)
        select(0)
      },
    },
    { id: 'traffic.order', title: 'Turn the order: newest or oldest first', group, run: switchOrder },
    { id: 'traffic.widths', title: 'Usual widths of the columns', group, run: () => useWidths.getState().forget() },
    {
      id: 'traffic.open',
      title: 'Open the exchange',
      group,
      shortcut: 'Enter',
      hidden: true,
      run: () => (isShown() ? enterExchange() : select(0)),
    },
    {
      id: 'traffic.close',
      title: 'Close the exchange',
      group,
      shortcut: 'Escape',
      hidden: true,
      enabled: isShown,
      run() {
        selectId(undefined)
        focusTable()
      },
    },
    {
      id: 'traffic.now',
      title: 'Back from the moment to now',
      group,
      shortcut: 'Escape',
      hidden: true,
      enabled: () => useTime.getState().at !== undefined,
      run() {
        lookAt(undefined)
        focusTable()
      },
    },
    {
      id: 'traffic.resend',
      title: 'Resend the request',
      group,
      shortcut: 'Mod+R',
      keywords: 'replay again',
      enabled: hasSelection,
      run: resend,
    },
    {
      id: 'traffic.replay',
      title: 'Open the request in Replay',
      group,
      shortcut: 'Mod+Shift+R',
      keywords: 'edit send again compare race',
      enabled: hasSelection,
      run: openInReplay,
    },
    ...(['curl', 'httpie', 'fetch', 'http'] as const).map(
      (as): Action => ({
        id: `traffic.copy.${as}`,
        title: `Copy the request as ${copyTitles[as]}`,
        group,
        enabled: hasSelection,
        ...(as === 'curl' && { shortcut: 'Mod+Shift+C' }),
        run: () => copyAs(as),
      }),
    ),
    {
      id: 'traffic.test',
      title: 'Make a policy test of this',
      group,
      shortcut: makeTestKey,
      keywords: 'expect assert regression',
      enabled: hasSelection,
      run: () => makeTest(),
    },
    {
      id: 'traffic.tokens',
      title: 'Read its tokens',
      group,
      shortcut: 'Mod+Shift+K',
      keywords: 'jwt decode claims token lab',
      enabled: hasSelection,
      run: readTokens,
    },
    {
      id: 'traffic.copy.test',
      title: 'Copy the exchange as a policy test',
      group,
      enabled: hasSelection,
      run: () => copyAsTest(),
    },
    {
      id: 'traffic.exportCase',
      title: 'Save the exchange as a case',
      group,
      keywords: 'share colleague send export',
      enabled: hasSelection,
      run: saveCase,
    },
    {
      id: 'traffic.openCase',
      title: 'Open a case …',
      group,
      keywords: 'share colleague file import',
      run: chooseCase,
    },
    { id: 'traffic.sample', title: 'Send sample traffic', group, keywords: 'demo try example', run: sendSample },
    {
      id: 'traffic.exportHar',
      title: 'Save the shown exchanges as HAR',
      group,
      keywords: 'export download',
      run: exportHar,
    },
    {
      id: 'traffic.importHar',
      title: 'Read exchanges from a HAR file',
      group,
      keywords: 'import upload',
      run: importHar,
    },
    {
      id: 'traffic.saveQuery',
      title: 'Save this query …',
      group,
      keywords: 'keep filter name bookmark',
      enabled: () => useTraffic.getState().query !== '',
      run: () => useToolbar.setState({ open: 'naming' }),
    },
    {
      id: 'traffic.savedQueries',
      title: 'Saved queries …',
      group,
      keywords: 'kept filters bookmarks forget',
      run: () => useToolbar.setState({ open: 'saved' }),
    },
    {
      id: 'traffic.columns',
      title: 'Choose the columns …',
      group,
      keywords: 'table show hide width host client route api',
      run: () => useToolbar.setState({ open: 'columns' }),
    },
    {
      id: 'traffic.time',
      title: 'Look at a moment: what limiters, quotas and sessions held',
      group,
      shortcut: 'm',
      keywords: 'time travel scrub slider state counter',
      run: () => document.querySelector<HTMLElement>('.time-track')?.focus(),
    },
    {
      id: 'traffic.clearQuery',
      title: 'Show all traffic',
      group,
      enabled: () => useTraffic.getState().query !== '',
      run: () => setQuery('', 'now'),
    },
  ]
}

/** Names of the forms that a request is copied in. */
export const copyTitles = { curl: 'curl', httpie: 'HTTPie', fetch: 'fetch', http: 'an HTTP message' } as const

export async function resend(): Promise<void> {
  const id = selected()
  if (id === undefined) return
  const sent = await core.call('traffic.resend', { id })
  setFollowing(true)
  useTraffic.setState(({ order }) => ({ selected: sent.id, selectedIndex: order === 'newest' ? 0 : -1 }))
  tellDone('Sent again')
}

/** Hands the selected request over to Replay, where it can be changed before it is sent. */
export async function openInReplay(): Promise<void> {
  const id = selected()
  if (id === undefined) return
  const entry = await core.call('replay.create', { exchange: id })
  useNavigation.getState().openReplay(entry.id)
}

export async function copyAs(as: Params<'traffic.copyAs'>['as']): Promise<void> {
  const id = selected()
  if (id === undefined) return
  const { text } = await core.call('traffic.copyAs', { id, as })
  await copyText(text)
  tellDone(`Copied as ${copyTitles[as]}`)
}

/** Writes a test of an exchange, the selected one unless another is named, and shows it in the editor. */
export async function makeTest(id: string | undefined = selected()): Promise<void> {
  if (id === undefined) return
  const { path, line, name, note } = await core.call('tests.make', { exchange: id })
  useNavigation.getState().openPolicy(path, line)
  if (note === undefined) tellDone(`Test written: ${name}`)
  else useNotices.getState().tell({ what: `Test written: ${name}`, todo: note, where: path, severity: 'warning' })
}

export async function copyAsTest(id: string | undefined = selected()): Promise<void> {
  if (id === undefined) return
  const { text } = await core.call('tests.text', { exchange: id })
  await copyText(text)
  tellDone('Copied as policy test')
}

export async function sendSample(): Promise<void> {
  await busy('Sending sample traffic', async () => {
    const { sent } = await core.call('traffic.sendSample')
    tellDone(`${plural(sent, 'request')} sent`)
  })
}

export async function exportHar(): Promise<void> {
  const { query } = useTraffic.getState()
  const file = desktop ? await desktop.chooseNewFile('har') : undefined
  if (file === null) return
  await busy('Writing HAR', async () => {
    const { entries, text } = await core.call('traffic.exportHar', { query, ...(file !== undefined && { file }) })
    if (text !== undefined) saveText('gatehouse.har', 'application/json', text)
    tellDone(`${plural(entries, 'exchange')} written`)
  })
}

export async function importHar(): Promise<void> {
  const from = desktop
    ? await desktop.chooseFile('har').then((file) => file && { file })
    : await chooseText('.har,.json').then((text) => text && { text })
  if (!from) return
  await busy('Reading HAR', async () => {
    const { entries, problems } = await core.call('traffic.importHar', from)
    if (problems.length === 0) return tellDone(`${plural(entries, 'exchange')} read`)
    useNotices.getState().tell({
      what: `${plural(entries, 'exchange')} read; ${plural(problems.length, 'entry').replace('entrys', 'entries')} could not be`,
      todo: problems.slice(0, 3).join('\n'),
      severity: 'warning',
    })
  })
}

async function busy(title: string, work: () => Promise<void>): Promise<void> {
  useWorkbench.getState().setJob({ title })
  try {
    await work()
  } finally {
    useWorkbench.getState().setJob(undefined)
  }
}

/** The tokens of the exchange, in the lab. Its screen is loaded only now. */
async function readTokens(): Promise<void> {
  const { selected } = useTraffic.getState()
  if (selected === undefined) return
  const [{ useReplay }, { readExchange }] = await Promise.all([
    import('../replay/replay-store.ts'),
    import('../tokens/token-store.ts'),
  ])
  useReplay.setState({ view: 'tokens' })
  useNavigation.getState().go('replay')
  await readExchange(selected)
}
