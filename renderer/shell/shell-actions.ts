import { core } from '../core/core.ts'
import { desktop } from '../core/desktop.ts'
import { registerActions } from './actions.ts'
import { screens, useNavigation } from './navigation.ts'
import { tellDone, useNotices } from './notices.ts'
import { goToPart } from './parts.ts'
import { type Theme, useTheme } from './preferences.ts'
import { screenEntries } from './screens.tsx'
import { useFront } from './windows.ts'
import { change, useWorkbench } from './workbench.ts'

const workspace = () => useWorkbench.getState().state?.workspace ?? undefined
const isOpen = () => workspace() !== undefined
const isRunning = () => workspace()?.gateway.state === 'running'
const { go } = useNavigation.getState()
const { show } = useFront.getState()

async function copyAddress(): Promise<void> {
  const gateway = workspace()?.gateway
  await navigator.clipboard.writeText(gateway?.http ?? gateway?.https ?? '')
  tellDone('Address copied')
}

async function copyFolder(): Promise<void> {
  await navigator.clipboard.writeText(workspace()?.folder ?? '')
  tellDone('Path copied')
}

/** Actions that are there on every screen. */
export function registerShellActions(): void {
  const theme = (theme: Theme, title: string) => ({
    id: `view.theme.${theme}`,
    title,
    group: 'View',
    keywords: 'dark light colours appearance',
    enabled: () => useTheme.getState().theme !== theme,
    run: () => useTheme.getState().setTheme(theme),
  })
  registerActions([
    {
      id: 'view.palette',
      title: 'Find anything',
      group: 'View',
      shortcut: 'Mod+K',
      hidden: true,
      run: () => show('palette'),
    },
    ...screens.map((screen, at) => ({
      id: `view.${screen}`,
      title: `Go to ${screenEntries[screen].title}`,
      group: 'Go',
      shortcut: `Alt+${at + 1}`,
      enabled: isOpen,
      run: () => go(screen),
    })),
    {
      id: 'view.nextPart',
      title: 'Go to the next part of the screen',
      group: 'Go',
      shortcut: 'F6',
      whileTyping: true,
      keywords: 'pane focus leave editor gutter',
      enabled: isOpen,
      run: () => goToPart(1),
    },
    {
      id: 'view.previousPart',
      title: 'Go to the part of the screen before',
      group: 'Go',
      shortcut: 'Shift+F6',
      whileTyping: true,
      keywords: 'pane focus leave editor gutter',
      enabled: isOpen,
      run: () => goToPart(-1),
    },
    {
      id: 'view.closeNotices',
      title: 'Close the notices',
      group: 'View',
      keywords: 'messages corner dismiss',
      enabled: () => useNotices.getState().notices.length > 0,
      run: () => useNotices.setState({ notices: [] }),
    },
    {
      id: 'view.problems',
      title: 'Show problems',
      group: 'Go',
      shortcut: 'Mod+Shift+M',
      enabled: isOpen,
      run: () => show('problems'),
    },
    {
      id: 'gateway.start',
      title: 'Start the gateway',
      group: 'Gateway',
      keywords: 'run listen',
      enabled: () => isOpen() && !isRunning(),
      run: () => change(core.call('gateway.start'), 'Starting the gateway'),
    },
    {
      id: 'gateway.stop',
      title: 'Stop the gateway',
      group: 'Gateway',
      enabled: isRunning,
      run: () => change(core.call('gateway.stop'), 'Stopping the gateway'),
    },
    {
      id: 'gateway.address',
      title: 'Copy the address of the gateway',
      group: 'Gateway',
      keywords: 'url port clipboard',
      enabled: isRunning,
      run: copyAddress,
    },
    {
      id: 'file.path',
      title: 'Copy the path of the workspace',
      group: 'Workspace',
      keywords: 'folder clipboard',
      enabled: isOpen,
      run: copyFolder,
    },
    {
      id: 'file.open',
      title: 'Open a workspace …',
      group: 'Workspace',
      shortcut: 'Mod+O',
      keywords: 'folder recent sample observe openapi',
      run: () => show('open'),
    },
    ...(desktop
      ? [
          {
            id: 'file.newWindow',
            title: 'New window',
            group: 'Workspace',
            shortcut: 'Mod+Shift+N',
            run: () => desktop!.openWindow(),
          },
        ]
      : []),
    ...(desktop
      ? (
          [
            [1, 'Larger', 'Mod++', 'in'],
            [-1, 'Smaller', 'Mod+-', 'out'],
            [0, 'As large as usual', 'Mod+0', 'reset'],
          ] as const
        ).map(([step, title, shortcut, name]) => ({
          id: `view.zoom.${name}`,
          title,
          group: 'View',
          shortcut,
          keywords: 'zoom size text scale',
          run: () => desktop!.zoom(step),
        }))
      : []),
    theme('dark', 'Dark theme'),
    theme('light', 'Light theme'),
    theme('system', 'Theme of the system'),
    { id: 'help.shortcuts', title: 'Keyboard shortcuts', group: 'Help', shortcut: '?', run: () => show('shortcuts') },
    { id: 'help.about', title: 'About Gatehouse', group: 'Help', run: () => show('about') },
  ])
  followEnvironments()
}

/** One action for each environment of the open workspace. */
function followEnvironments(): void {
  let known: readonly string[] | undefined
  let withdraw = () => {}
  const follow = () => {
    const environments = workspace()?.environments
    if (environments === known) return
    known = environments
    withdraw()
    withdraw = registerActions(
      (environments ?? []).map((name) => ({
        id: `environment.${name}`,
        title: `Switch to environment ${name}`,
        group: 'Workspace',
        keywords: 'active overlay',
        enabled: () => workspace()?.environment !== name,
        run: () => change(core.call('workbench.environment', { name }), `Switching to ${name}`),
      })),
    )
  }
  useWorkbench.subscribe(follow)
  follow()
}
