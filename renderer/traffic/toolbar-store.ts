import { create } from 'zustand'

export type ToolbarMenu = 'saved' | 'naming' | 'columns'

/** Which menu or dialog of the toolbar is open: actions open them too. */
export const useToolbar = create<{ open: ToolbarMenu | undefined }>(() => ({ open: undefined }))

/** For a menu that tells when it opens and closes itself. */
export const showing = (menu: ToolbarMenu) => (open: boolean) =>
  useToolbar.setState(({ open: now }) => ({ open: open ? menu : now === menu ? undefined : now }))
