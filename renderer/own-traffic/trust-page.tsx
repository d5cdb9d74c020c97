import { useEffect, useRef, useState } from 'react'
import type { OwnTraffic, TrustGuide, TrustStep } from '../../gateway-core/protocol/own-traffic.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure } from '../shell/notices.ts'
import { saveText } from '../traffic/text-files.ts'
import { Button } from '../ui/button.tsx'
import { CopyLine } from './copy-line.tsx'

/** What to do on each system so that it trusts the local CA, and how to undo it. Nothing of it is done from here. */
export function TrustPage({ state }: { state: OwnTraffic }) {
  const [guides, setGuides] = useState<readonly TrustGuide[]>([])
  const [chosen, setChosen] = useState('curl')
  const made = state.ca !== null
  useEffect(() => {
    core.call('own.trust').then(setGuides, tellFailure)
  }, [made])
  const guide = guides.find(({ id }) => id === chosen) ?? guides[0]
  const systems = useRef<HTMLDivElement>(null)
  useEffect(() => {
    systems.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen])
  const certificate = async (then: (pem: string) => unknown) => {
    try {
      await then((await core.call('own.certificate')).pem)
    } catch (error) {
      tellFailure(error)
    }
  }
  return (
    <>
      <p>
        Only where a program is not started from here: the CA belongs to this workspace alone, and its key never leaves
        it. Nothing is installed by Gatehouse itself.
      </p>
      <div className="own-buttons">
        <Button onClick={() => void certificate((pem) => saveText('gatehouse-ca.pem', 'application/x-pem-file', pem))}>
          Save the certificate
        </Button>
        <Button
          onClick={() =>
            void certificate((pem) => navigator.clipboard.writeText(pem).then(() => tellDone('Certificate copied')))
          }
        >
          Copy it
        </Button>
        {state.ca && <CopyLine text={state.ca.file} name="the path of the certificate" />}
      </div>
      {guide && (
        <div className="own-trust">
          <div
            ref={systems}
            className="own-systems"
            role="listbox"
            aria-label="System"
            aria-activedescendant={`trust-${guide.id}`}
            tabIndex={0}
            onKeyDown={step}
          >
            {guides.map(({ id, title }) => (
              <button
                key={id}
                id={`trust-${id}`}
                type="button"
                role="option"
                tabIndex={-1}
                aria-selected={id === guide.id}
                onClick={() => setChosen(id)}
              >
                {title}
              </button>
            ))}
          </div>
          <section className="own-steps" aria-label={guide.title}>
            <Steps steps={guide.steps} />
            <h3>To undo it</h3>
            <Steps steps={guide.undo} />
          </section>
        </div>
      )}
    </>
  )

  function step(event: React.KeyboardEvent) {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (by === 0 || !guide) return
    event.preventDefault()
    const next = guides[guides.indexOf(guide) + by]
    if (next) setChosen(next.id)
  }
}

function Steps({ steps }: { steps: readonly TrustStep[] }) {
  return steps.map((step, at) =>
    'command' in step ? <CopyLine key={at} text={step.command} /> : <p key={at}>{step.text}</p>,
  )
}
