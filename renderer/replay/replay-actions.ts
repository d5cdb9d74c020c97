import type { Params } from '../../gateway-core/protocol/protocol.ts'
import { core } from '../core/core.ts'
import type { Action } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellDone } from '../shell/notices.ts'
import { copyText } from '../traffic/exchange-store.ts'
import { makeTestKey } from '../tests/tests-store.ts'
import { copyAsTest, copyTitles, makeTest } from '../traffic/traffic-actions.ts'
import { createRequest, isFiled, removeEntry, save, send, useReplay } from './replay-store.ts'

const group = 'Replay'
const { getState, setState } = useReplay
const inRequests = () => getState().view === 'requests'
const hasFiled = () => inRequests() && isFiled(getState().entry?.id ?? '')
const hasEntry = () => inRequests() && getState().entry !== undefined

/** What can be done on the Replay screen. */
export function replayActions(): Action[] {
  return [
    {
      id: 'replay.send',
      title: 'Send the request',
      group,
      shortcut: 'Mod+Enter',
      keywords: 'run replay go',
      enabled: hasEntry,
      run: send,
    },
    { id: 'replay.new', title: 'New request', group, shortcut: 'n', run: () => createRequest() },
    {
      id: 'replay.import',
      title: 'Import requests: curl, .http, HAR, Postman, OpenAPI',
      group,
      shortcut: 'Mod+I',
      keywords: 'paste',
      run: () => setState({ dialog: 'import', view: 'requests' }),
    },
    {
      id: 'replay.operation',
      title: 'New request from an operation of the API',
      group,
      keywords: 'openapi example',
      run: () => setState({ dialog: 'operation', view: 'requests' }),
    },
    {
      id: 'replay.race',
      title: 'Race copies of the request',
      group,
      keywords: 'parallel single packet last byte sync',
      enabled: hasEntry,
      run: () => setState({ dialog: 'race' }),
    },
    {
      id: 'replay.keep',
      title: 'Keep the request in a file',
      group,
      keywords: 'save collection http',
      enabled: hasEntry,
      run: () => setState({ dialog: 'keep' }),
    },
    {
      id: 'replay.step',
      title: 'Add the request to a sequence',
      group,
      keywords: 'step chain workflow',
      enabled: hasFiled,
      run: () => setState({ dialog: 'step' }),
    },
    {
      id: 'replay.save',
      title: 'Save the request',
      group,
      shortcut: 'Mod+S',
      enabled: hasEntry,
      async run() {
        const { entry } = getState()
        await save()
        if (entry && isFiled(entry.id) && !getState().unsaved) tellDone(`Saved in ${entry.id.split('#')[0]}`)
      },
    },
    {
      id: 'replay.remove',
      title: 'Remove the request',
      group,
      keywords: 'delete',
      enabled: hasEntry,
      async run() {
        const { entry } = getState()
        if (entry) await removeEntry(entry.id)
      },
    },
    {
      id: 'replay.url',
      title: 'Go to the URL',
      group,
      shortcut: 'Mod+L',
      hidden: true,
      enabled: hasEntry,
      run: () => document.querySelector<HTMLInputElement>('.replay-url')?.select(),
    },
    {
      id: 'replay.trace',
      title: 'Show the exchange in Traffic',
      group,
      enabled: () => hasEntry() && exchangeShown() !== undefined,
      run() {
        const id = exchangeShown()
        if (id !== undefined) useNavigation.getState().openTraffic(`id:${id}`)
      },
    },
    {
      id: 'replay.makeTest',
      title: 'Make a policy test of the answer',
      group,
      shortcut: makeTestKey,
      enabled: () => hasEntry() && exchangeShown() !== undefined,
      run: () => makeTest(exchangeShown()),
    },
    {
      id: 'replay.copy.test',
      title: 'Copy the answer as policy test',
      group,
      enabled: () => hasEntry() && exchangeShown() !== undefined,
      run: () => copyAsTest(exchangeShown()),
    },
    ...(['curl', 'httpie', 'fetch', 'http'] as const).map(
      (as): Action => ({
        id: `replay.copy.${as}`,
        title: `Copy the request as ${copyTitles[as]}`,
        group,
        enabled: hasEntry,
        run: () => copyRequest(as),
      }),
    ),
  ]
}

function exchangeShown(): string | undefined {
  const { run, answer } = getState()
  return run?.answers[answer]?.exchange
}

export async function copyRequest(as: Params<'replay.copyAs'>['as']): Promise<void> {
  const { request } = getState()
  if (!request) return
  const { text } = await core.call('replay.copyAs', { request, as })
  await copyText(text)
  tellDone(`Copied as ${copyTitles[as]}`)
}
