import { ChevronDown, Ellipsis, Send, Square } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { ReplayTarget } from '../../gateway-core/protocol/replay-request.ts'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { Button } from '../ui/button.tsx'
import { Menu, MenuChoice, MenuItem, MenuLabel, MenuLine } from '../ui/menu.tsx'
import { Tabs } from '../ui/tabs.tsx'
import { makeTestKey } from '../tests/tests-store.ts'
import { copyTitles } from '../traffic/traffic-actions.ts'
import { AuthTab } from './auth-tab.tsx'
import { BodyTab } from './body-tab.tsx'
import { HeadersTab } from './headers-tab.tsx'
import { OptionsTab } from './options-tab.tsx'
import { edit, isFiled, save, targetName, useReplay } from './replay-store.ts'
import './request-form.css'

/** The request, as it will go out. */
export function RequestEditor() {
  const { request, entry, requestTab, unsaved } = useReplay()
  const sendKey = useShortcut('replay.send')
  const sending = useReplay((replay) => replay.sending !== undefined)
  if (!request || !entry) return null
  const headers = request.headers.filter(({ off }) => off !== true).length
  return (
    <section className="pane" aria-label="Request">
      <div className="bar">
        <NameField key={entry.id} />
        {isFiled(entry.id) && unsaved && (
          <Button shortcut="Mod+S" onClick={() => runAction('replay.save')}>
            Save
          </Button>
        )}
        <TargetMenu />
        <Button
          kind="main"
          tip={sending ? 'End what is under way' : 'Send the request as it stands here'}
          shortcut={sendKey}
          onClick={() => runAction('replay.send')}
        >
          {sending ? <Square aria-hidden="true" /> : <Send aria-hidden="true" />}
          {sending ? 'Cancel' : 'Send'}
        </Button>
        <MoreMenu />
      </div>
      <div className="replay-line">
        <input
          className="replay-method-field"
          aria-label="Method"
          value={request.method}
          list="replay-methods"
          spellCheck={false}
          autoComplete="off"
          size={Math.min(Math.max(request.method.length, 3), 14)}
          onChange={({ target }) => edit({ method: target.value })}
        />
        <datalist id="replay-methods">
          {['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((method) => (
            <option key={method} value={method} />
          ))}
        </datalist>
        <input
          className="replay-url"
          aria-label="URL"
          value={request.url}
          placeholder="/path, or https://host/path"
          spellCheck={false}
          autoComplete="off"
          onChange={({ target }) => edit({ url: target.value })}
        />
      </div>
      <Tabs
        label="Parts of the request"
        value={requestTab}
        onChange={(next) => useReplay.setState({ requestTab: next })}
        tabs={[
          { id: 'headers', title: 'Headers', ...(headers > 0 && { note: headers }) },
          { id: 'body', title: 'Body', ...(request.body && { note: '●' }) },
          { id: 'auth', title: 'Auth' },
          { id: 'options', title: 'Options' },
        ]}
      >
        {requestTab === 'headers' && <HeadersTab request={request} />}
        {requestTab === 'body' && <BodyTab key={entry.id} request={request} />}
        {requestTab === 'auth' && <AuthTab key={entry.id} request={request} />}
        {requestTab === 'options' && <OptionsTab request={request} />}
      </Tabs>
    </section>
  )
}

function NameField() {
  const entry = useReplay((replay) => replay.entry!)
  const [name, setName] = useState(entry.name)
  useEffect(() => setName(entry.name), [entry.name])
  if (isFiled(entry.id)) {
    return (
      <h2 className="cut grow" title={entry.id}>
        {entry.name}
        <span className="faint"> · {entry.id.split('#')[0]}</span>
      </h2>
    )
  }
  return (
    <input
      className="replay-name grow"
      aria-label="Name of the request"
      value={name}
      spellCheck={false}
      autoComplete="off"
      onChange={({ target }) => setName(target.value)}
      onBlur={() => name.trim() !== '' && name !== entry.name && void save(name)}
      onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
    />
  )
}

/** Where the request goes: one place, or two whose answers are compared. */
function TargetMenu() {
  const targets = useReplay((replay) => replay.targets)
  const environments = useReplay((replay) => replay.list?.environments ?? [])
  const active = useWorkspace()?.environment
  const others = environments.filter((name) => name !== active)
  const choices: ReplayTarget[] = [
    { via: 'gateway' },
    ...others.map((environment): ReplayTarget => ({ via: 'gateway', environment })),
    { via: 'upstream' },
    ...others.map((environment): ReplayTarget => ({ via: 'upstream', environment })),
    { via: 'url' },
  ]
  const [first, second] = targets.map(targetName)
  const choose = (...next: readonly ReplayTarget[]) => useReplay.setState({ targets: next })
  return (
    <Menu
      align="end"
      trigger={
        <Button tip="Where the request goes, and what the answer is compared with" className="replay-target">
          <span className="cut">{targets.map(targetName).join(' ↔ ')}</span>
          <ChevronDown aria-hidden="true" />
        </Button>
      }
    >
      <MenuLabel>Send to</MenuLabel>
      {choices.map((target) => (
        <MenuChoice
          key={targetName(target)}
          checked={targetName(target) === first}
          onSelect={() => choose(target, ...targets.slice(1).filter((one) => targetName(one) !== targetName(target)))}
        >
          {targetName(target)}
        </MenuChoice>
      ))}
      <MenuLine />
      <MenuLabel>And compare with the answer of</MenuLabel>
      <MenuChoice checked={second === undefined} onSelect={() => choose(targets[0]!)}>
        Nothing
      </MenuChoice>
      {choices
        .filter((target) => targetName(target) !== first)
        .map((target) => (
          <MenuChoice
            key={targetName(target)}
            checked={targetName(target) === second}
            onSelect={() => choose(targets[0]!, target)}
          >
            {targetName(target)}
          </MenuChoice>
        ))}
    </Menu>
  )
}

function MoreMenu() {
  const entry = useReplay((replay) => replay.entry)
  const traced = useReplay(({ run, answer }) => run?.answers[answer]?.exchange !== undefined)
  return (
    <Menu
      align="end"
      trigger={
        <Button kind="quiet" label="More">
          <Ellipsis aria-hidden="true" />
        </Button>
      }
    >
      <MenuItem onSelect={() => runAction('replay.race')}>Race copies …</MenuItem>
      {entry && !isFiled(entry.id) && <MenuItem onSelect={() => runAction('replay.keep')}>Keep in a file …</MenuItem>}
      {entry && isFiled(entry.id) && <MenuItem onSelect={() => runAction('replay.step')}>Add to a sequence …</MenuItem>}
      <MenuLine />
      {(Object.keys(copyTitles) as (keyof typeof copyTitles)[]).map((as) => (
        <MenuItem key={as} onSelect={() => runAction(`replay.copy.${as}`)}>
          Copy as {copyTitles[as]}
        </MenuItem>
      ))}
      <MenuItem disabled={!traced} onSelect={() => runAction('replay.copy.test')}>
        Copy as policy test
      </MenuItem>
      <MenuItem disabled={!traced} onSelect={() => runAction('replay.makeTest')} shortcut={makeTestKey}>
        Make a policy test of the answer
      </MenuItem>
      <MenuLine />
      <MenuItem onSelect={() => runAction('replay.remove')}>Remove</MenuItem>
    </Menu>
  )
}
