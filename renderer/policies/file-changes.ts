import { core } from '../core/core.ts'
import { isEdited } from './document.ts'
import { closeFile, keepDraft, loadFile, openFile, saveFile } from './files.ts'
import { typeText } from './models.ts'
import { firstTextOf } from './new-files.ts'
import { documentAt, usePolicies } from './policies-store.ts'

/** Makes a file with a first text of its kind, and opens it. */
export async function createFile(path: string): Promise<void> {
  const answer = await core.call('files.write', { path, text: firstTextOf(path), base: '' })
  if (answer.state === 'conflict') throw new Error(`There is a file ${path} already.`)
  await refreshTree()
  await openFile(path)
}

/**
 * Gives a file another name, with what is typed in it. Texts that name it follow: they are saved at once, except those
 * in which there are other edits.
 */
export async function renameFile(from: string, to: string): Promise<void> {
  const document = documentAt(from)
  await keepDraft(from)
  const { files } = await core.call('files.move', { from, to })
  usePolicies.setState(({ documents, tabs, active, checked }) => {
    const { [from]: _, ...others } = documents
    const { [from]: __, ...stillChecked } = checked
    return {
      documents: document ? { ...others, [to]: { ...document, path: to } } : others,
      tabs: tabs.map((tab) => (tab === from ? to : tab)),
      active: active === from ? to : active,
      checked: stillChecked,
    }
  })
  for (const { path, text } of files) {
    await loadFile(path)
    const before = documentAt(path)
    if (!before) continue
    typeText(path, text)
    if (isEdited(before)) usePolicies.setState(({ tabs }) => (tabs.includes(path) ? {} : { tabs: [...tabs, path] }))
    else await saveFile(path)
  }
  await refreshTree()
}

/** Deletes a file and closes it. */
export async function deleteFile(path: string): Promise<void> {
  await core.call('files.remove', { path })
  // First the text, else closing would keep what was typed in it.
  usePolicies.setState(({ documents }) => {
    const { [path]: _, ...others } = documents
    return { documents: others }
  })
  closeFile(path)
  await refreshTree()
}

async function refreshTree(): Promise<void> {
  usePolicies.setState({ tree: await core.call('files.tree') })
}
