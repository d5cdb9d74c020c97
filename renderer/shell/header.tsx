import { ChevronDown, Play, Search, Square } from 'lucide-react'
import { HeldBadge } from '../intercept/held-badge.tsx'
import { Button } from '../ui/button.tsx'
import { countText } from '../ui/format.ts'
import { Keys } from '../ui/keys.tsx'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { runAction, useShortcut } from './actions.ts'
import { useNavigation } from './navigation.ts'
import { type Theme, useTheme } from './preferences.ts'
import { useWorkspace } from './workbench.ts'
import './header.css'

/** What is open, whether its gateway runs and where, and what goes through it now. */
export function Header() {
  return (
    <header className="header">
      <h1>Gatehouse</h1>
      <WorkspaceMenu />
      <EnvironmentMenu />
      <GatewaySwitch />
      <Rate />
      <Denied />
      <HeldBadge />
      <span className="grow" />
      <button type="button" className="header-find" onClick={() => runAction('view.palette')}>
        <Search size={13} aria-hidden="true" />
        <span>Find anything</span>
        <Keys shortcut={useShortcut('view.palette') ?? 'Mod+K'} />
      </button>
    </header>
  )
}

function Rate() {
  const rate = useWorkspace(({ requestsPerSecond }) => rateText(requestsPerSecond))
  return (
    <span className="header-stat">
      <b>{rate}</b> req/s
    </span>
  )
}

function Denied() {
  const denied = useWorkspace(({ deniedLastMinute }) => deniedLastMinute)!
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <button
      type="button"
      className="header-stat header-denied"
      title="Denied in the last minute: show them"
      onClick={() => openTraffic('verdict:deny time>-1m')}
    >
      <b className={denied > 0 ? 'tone-deny' : undefined}>{countText(denied)}</b> denied
    </button>
  )
}

function rateText(rate: number): string {
  return rate < 10 && rate > 0 ? rate.toFixed(1) : countText(Math.round(rate))
}

function WorkspaceMenu() {
  const name = useWorkspace((workspace) => workspace.name)!
  const folder = useWorkspace((workspace) => workspace.folder)!
  const { theme, setTheme } = useTheme()
  const themes: [Theme, string][] = [
    ['dark', 'Dark'],
    ['light', 'Light'],
    ['system', 'As the system'],
  ]
  return (
    <Menu
      trigger={
        <button type="button" className="header-menu" title={folder}>
          <span className="cut">{name}</span>
          <ChevronDown size={12} aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>
        <span className="code">{folder}</span>
      </MenuLabel>
      <MenuItem onSelect={() => runAction('file.open')} shortcut={useShortcut('file.open')}>
        Open a workspace …
      </MenuItem>
      <MenuItem onSelect={() => runAction('file.path')}>Copy the path</MenuItem>
      <MenuLine />
      <MenuLabel>Theme</MenuLabel>
      {themes.map(([id, title]) => (
        <MenuChoice key={id} checked={theme === id} onSelect={() => setTheme(id)}>
          {title}
        </MenuChoice>
      ))}
      <MenuLine />
      <MenuItem onSelect={() => runAction('help.shortcuts')} shortcut={useShortcut('help.shortcuts')}>
        Keyboard shortcuts
      </MenuItem>
    </Menu>
  )
}

function EnvironmentMenu() {
  const environment = useWorkspace((workspace) => workspace.environment)
  const environments = useWorkspace((workspace) => workspace.environments)!
  if (environments.length === 0) return null
  return (
    <Menu
      trigger={
        <button type="button" className="header-menu" title="Active environment">
          <span className="only-read">Environment </span>
          <span className="cut">{environment ?? 'no environment'}</span>
          <ChevronDown size={12} aria-hidden="true" />
        </button>
      }
    >
      <MenuLabel>Environment</MenuLabel>
      {environments.map((name) => (
        <MenuChoice key={name} checked={name === environment} onSelect={() => runAction(`environment.${name}`)}>
          {name}
        </MenuChoice>
      ))}
    </Menu>
  )
}

function GatewaySwitch() {
  const { state, http, https, reason } = useWorkspace(({ gateway }) => gateway)!
  const address = (http ?? https)?.replace(/^https?:\/\//, '').replace(/\/$/, '')
  const running = state === 'running'
  return (
    <div className={`header-run header-run-${state}`}>
      <i aria-hidden="true" />
      {running && address ? (
        <button
          type="button"
          className="header-address num"
          title="Copy the address"
          onClick={() => runAction('gateway.address')}
        >
          <span className="only-read">Gateway runs at </span>
          {address}
        </button>
      ) : (
        <span className="header-address" title={reason}>
          {state === 'failed' ? 'not running' : 'stopped'}
        </span>
      )}
      <Button
        kind="quiet"
        label={running ? 'Stop the gateway' : 'Start the gateway'}
        className="header-switch"
        onClick={() => runAction(running ? 'gateway.stop' : 'gateway.start')}
      >
        {running ? <Square aria-hidden="true" /> : <Play aria-hidden="true" />}
      </Button>
    </div>
  )
}
