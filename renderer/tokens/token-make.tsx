import { Copy } from 'lucide-react'
import { useId } from 'react'
import { copyText } from '../traffic/exchange-store.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Field } from '../ui/field.tsx'
import { instanceName } from '../ui/format.ts'
import { Choice } from './choice.tsx'
import { algorithms, begin, type Binding, claimsWritten, mint, setClaim, trust, useTokens } from './token-store.ts'

const lifetimes: readonly [text: string, seconds: number][] = [
  ['10 minutes', 600],
  ['1 hour', 3600],
  ['1 day', 86_400],
  ['already over', -3600],
]

/** Makes tokens by the keys of the local issuer: fields for what is usual, the claims themselves for everything else. */
export function TokenMake() {
  const { claims: text, algorithm, bind, minted, lab } = useTokens()
  const written = claimsWritten(text)
  const claims = 'claims' in written ? written.claims : {}
  const area = useId()
  const policies = lab?.policies ?? []
  const groups = policies.find(({ issuers }) => issuers.includes(String(claims['iss'])))?.groupsClaims[0] ?? 'roles'
  const text_ = (name: string) => (typeof claims[name] === 'string' ? (claims[name] as string) : '')
  const list = Array.isArray(claims[groups]) ? (claims[groups] as unknown[]).join(' ') : ''
  return (
    <div className="token-make">
      {policies.length > 0 && (
        <Choice
          label="Begin with what a policy wants"
          value=""
          options={[
            ['', 'choose …'],
            ...policies.map(({ policy }) => [policy, instanceName(policy) + scopeOf(policy)] as const),
          ]}
          onChange={(policy) => useTokens.setState(begin(lab!, policy))}
        />
      )}
      <div className="token-fields">
        <Field
          label="Subject (sub)"
          value={text_('sub')}
          onChange={(event) => setClaim('sub', event.target.value || undefined)}
        />
        <Field
          label={`Roles (${groups})`}
          placeholder="reader editor"
          value={list}
          onChange={(event) =>
            setClaim(groups, event.target.value === '' ? undefined : event.target.value.split(/[ ,]+/))
          }
        />
        <Field
          label="Scopes (scope)"
          value={text_('scope')}
          onChange={(event) => setClaim('scope', event.target.value || undefined)}
        />
        <Field
          label="Authentication (acr)"
          placeholder="urn:mfa"
          value={text_('acr')}
          onChange={(event) => setClaim('acr', event.target.value || undefined)}
        />
        <Choice
          label="Ends"
          value=""
          options={[['', 'as written'], ...lifetimes.map(([title, seconds]) => [String(seconds), title] as const)]}
          onChange={(seconds) => seconds && setClaim('exp', Math.floor(Date.now() / 1000) + Number(seconds))}
        />
        <Choice
          label="Signed by"
          value={algorithm}
          options={algorithms.map((one) => [one, one] as const)}
          onChange={(one) => useTokens.setState({ algorithm: one as typeof algorithm })}
        />
        <Choice
          label="Bound to"
          value={bind}
          options={[
            ['none', 'nothing'],
            ['dpop', 'a DPoP key (cnf.jkt)'],
            ['certificate', 'a client certificate (cnf.x5t#S256)'],
          ]}
          onChange={(one) => useTokens.setState({ bind: one as Binding })}
        />
      </div>
      <label htmlFor={area} className="token-label">
        Claims
      </label>
      <textarea
        id={area}
        className="token-claims"
        spellCheck={false}
        value={text}
        aria-invalid={'problem' in written}
        onChange={(event) => useTokens.setState({ claims: event.target.value })}
      />
      {'problem' in written && <p className="tone-deny">{written.problem}</p>}
      <div className="row">
        <Button kind="main" disabled={'problem' in written} onClick={() => void mint()}>
          Make the token
        </Button>
        {minted !== undefined && (
          <Button
            onClick={() => {
              copyText(minted).then(() => tellDone('The token is on the clipboard'), tellFailure)
            }}
          >
            <Copy aria-hidden="true" />
            Copy it
          </Button>
        )}
      </div>
      <Trust />
    </div>
  )
}

/** The switch that lets the gateway take these tokens, and what that means. */
function Trust() {
  const lab = useTokens((state) => state.lab)
  if (!lab) return null
  return (
    <div className={lab.trusted ? 'token-trust token-trusted' : 'token-trust'}>
      <label>
        <input
          type="checkbox"
          checked={lab.trusted}
          disabled={!lab.running}
          onChange={(event) => void trust(event.target.checked)}
        />{' '}
        The running gateway takes tokens made here
      </label>
      <p className="dim">
        {lab.running
          ? 'For those of any issuer, until it is switched off or the gateway stops. Nothing is written to the workspace.'
          : 'The gateway does not run.'}
      </p>
    </div>
  )
}

function scopeOf(policy: string): string {
  const scope = policy.slice(0, policy.lastIndexOf('/'))
  return scope === '' ? '' : ` (${scope})`
}
