import { useState } from 'react'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { Segments } from '../ui/tabs.tsx'
import { tellDone } from '../shell/notices.ts'
import { edit, useReplay } from './replay-store.ts'

type Kind = 'bearer' | 'basic' | 'key'

/** Writes the header that a kind of authentication needs. */
export function AuthTab({ request }: { request: ReplayRequest }) {
  const [kind, setKind] = useState<Kind>('bearer')
  const [first, setFirst] = useState('')
  const [second, setSecond] = useState('')
  const name = kind === 'key' ? first || 'X-API-Key' : 'Authorization'
  const value =
    kind === 'bearer' ? `Bearer ${first}` : kind === 'basic' ? `Basic ${base64(`${first}:${second}`)}` : second
  const ready = kind === 'bearer' ? first !== '' : second !== '' || (kind === 'basic' && first !== '')
  const has = request.headers.find((field) => field.name.toLowerCase() === name.toLowerCase())
  const put = () => {
    const others = request.headers.filter((field) => field.name.toLowerCase() !== name.toLowerCase())
    const at = request.headers.findIndex((field) => field.name.toLowerCase() === name.toLowerCase())
    const headers = [...others]
    headers.splice(at === -1 ? headers.length : at, 0, { name: has?.name ?? name, value })
    edit({ headers })
    useReplay.setState({ requestTab: 'headers' })
    tellDone(`${name} is set`)
  }
  return (
    <form
      className="replay-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) put()
      }}
    >
      <Segments
        label="Kind of authentication"
        value={kind}
        onChange={setKind}
        options={[
          { id: 'bearer', title: 'Bearer token' },
          { id: 'basic', title: 'User and password' },
          { id: 'key', title: 'API key' },
        ]}
      />
      {kind === 'bearer' && (
        <Field label="Token" value={first} onChange={({ target }) => setFirst(target.value)} help={referenceHelp} />
      )}
      {kind === 'basic' && (
        <>
          <Field label="User" value={first} onChange={({ target }) => setFirst(target.value)} />
          <Field label="Password" type="password" value={second} onChange={({ target }) => setSecond(target.value)} />
        </>
      )}
      {kind === 'key' && (
        <>
          <Field
            label="Header"
            value={first}
            placeholder="X-API-Key"
            onChange={({ target }) => setFirst(target.value)}
          />
          <Field label="Key" value={second} onChange={({ target }) => setSecond(target.value)} help={referenceHelp} />
        </>
      )}
      <div className="row">
        <Button kind="main" type="submit" disabled={!ready}>
          {has ? `Replace ${name}` : `Add ${name}`}
        </Button>
        <span className="dim">Once it was sent, a secret stands here as a marker, and encrypted on disk.</span>
      </div>
    </form>
  )
}

// oxlint-disable-next-line no-template-curly-in-string -- as one writes a reference
const referenceHelp = 'A value, or a reference to a secret of the workspace: ${secret:mobile-app-key}'

function base64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
}
