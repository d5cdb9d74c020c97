import { create } from 'zustand'
import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { forgetExchange } from './exchange-store.ts'
import { chooseText, saveText } from './text-files.ts'
import { selectId, useTraffic } from './traffic-store.ts'

/** Whether an exchange is one that somebody sent: it is looked at, not acted on. */
export function isCase(id: string | undefined): boolean {
  return id !== undefined && id.startsWith('case:')
}

/** How often a case was opened: another file may tell otherwise of the same exchange. */
export const useOpenedCases = create<{ times: number }>(() => ({ times: 0 }))

/** Saves the selected exchange as a case. */
export async function saveCase(): Promise<void> {
  const { selected } = useTraffic.getState()
  if (selected === undefined) return
  const file = desktop ? await desktop.chooseNewFile('case') : undefined
  if (file === null) return
  const { name, text } = await core.call('cases.export', { exchange: selected, ...(file !== undefined && { file }) })
  if (text !== undefined) saveText(name, 'application/json', text)
  tellDone('Case saved: it holds no secret')
}

/** Asks for the file of a case and shows it. */
export async function chooseCase(): Promise<void> {
  const text = await chooseText('.json')
  if (text !== undefined) await openCase(text)
}

/** Shows a case in the place of an exchange. */
export async function openCase(text: string): Promise<void> {
  const { id } = await core.call('cases.open', { text })
  forgetExchange(id)
  useOpenedCases.setState(({ times }) => ({ times: times + 1 }))
  useNavigation.getState().go('traffic')
  selectId(id)
}

/** Takes the file of a case that is dropped on the screen; other files are left to the browser, which ignores them. */
export const dropCase = {
  onDragOver(event: React.DragEvent): void {
    if ([...event.dataTransfer.items].some(({ kind }) => kind === 'file')) event.preventDefault()
  },
  onDrop(event: React.DragEvent): void {
    const file = event.dataTransfer.files[0]
    if (!file) return
    event.preventDefault()
    file.text().then(openCase).catch(tellFailure)
  },
}
