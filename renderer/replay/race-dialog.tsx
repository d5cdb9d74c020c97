import { useState } from 'react'
import { visible } from '../../gateway-core/visible.ts'
import type { RaceReport } from '../../gateway-core/protocol/replay-reports.ts'
import { core } from '../core/core.ts'
import { useNavigation } from '../shell/navigation.ts'
import { failureText } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { durationText } from '../ui/format.ts'
import { Segments } from '../ui/tabs.tsx'
import { SealedText } from '../traffic/sealed-text.tsx'
import { save, statusTone, targetName, useReplay } from './replay-store.ts'
import './runs.css'

const close = () => useReplay.setState({ dialog: undefined })

/** Copies that become complete at the same moment: does one coupon pay twice? */
export function RaceDialog() {
  const { entry, request, targets, race } = useReplay()
  const [copies, setCopies] = useState('20')
  const [version, setVersion] = useState<'1.1' | '2'>(request?.version === '2' ? '2' : '1.1')
  const [whole, setWhole] = useState(false)
  const [failure, setFailure] = useState<string>()
  const [running, setRunning] = useState<AbortController>()
  const count = Number(copies)
  const fits = /^\d+$/.test(copies) && count >= 2 && count <= 200
  if (!entry || !request) return null
  const target = targets[0]!
  const run = async () => {
    if (!fits || running) return
    const stop = new AbortController()
    setRunning(stop)
    setFailure(undefined)
    try {
      await save()
      const params = { ids: [entry.id], copies: count, target, version, whole }
      useReplay.setState({ race: await core.callWith('replay.race', params, stop.signal) })
    } catch (error) {
      if (!stop.signal.aborted) setFailure(failureText(error))
    } finally {
      setRunning(undefined)
    }
  }
  return (
    <Dialog
      open
      onClose={() => {
        running?.abort()
        close()
      }}
      title={`Race copies of ${visible(request.method, 12)} ${visible(request.url, 60)}`}
      about={`To ${targetName(target).toLowerCase()}. Everything but the end of each copy is sent first; then all ends leave together.`}
      width={680}
    >
      <form
        className="replay-form"
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <div className="row replay-race-how">
          <Field
            label="Copies"
            inputMode="numeric"
            value={copies}
            error={fits ? undefined : 'from 2 to 200'}
            onChange={({ target: { value } }) => setCopies(value)}
          />
          <div className="field">
            <span className="dim">How</span>
            <Segments
              label="How"
              value={version}
              onChange={setVersion}
              options={[
                { id: '1.1', title: 'HTTP/1.1, last byte' },
                { id: '2', title: 'HTTP/2, one packet' },
              ]}
            />
          </div>
          <label className="replay-check" title="For servers that decide at the head of a request, as gateways do">
            <input type="checkbox" checked={whole} onChange={({ target: { checked } }) => setWhole(checked)} />
            Hold back whole requests
          </label>
        </div>
        <div className="row">
          <Button kind="main" type="submit" disabled={!fits || running !== undefined}>
            {running ? 'Racing …' : 'Race'}
          </Button>
          {failure && (
            <span className="tone-deny" role="alert">
              {visible(failure, 400)}
            </span>
          )}
        </div>
      </form>
      {race && <Report race={race} />}
    </Dialog>
  )
}

function Report({ race }: { race: RaceReport }) {
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  const { groups, problems, sentSpread, answeredSpread, recordedSpread, technique } = race
  return (
    <section className="replay-race" aria-label="What came back">
      <p className="dim">
        {technique === 'single-packet'
          ? 'The ends left in one packet'
          : `The last bytes left within ${durationText(sentSpread)}`}
        , answers began within {durationText(answeredSpread)}
        {recordedSpread !== undefined && `, the gateway saw them within ${Math.round(recordedSpread / 1000)} ms`}.
      </p>
      <table className="replay-diff">
        <thead>
          <tr>
            <th>Copies</th>
            <th>Status</th>
            <th>Decided</th>
            <th>Answer</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group) => (
            <tr key={group.copies[0]}>
              <td className="num">{group.copies.length}</td>
              <td className={statusTone(group.status)}>{group.status}</td>
              <td>
                {group.exchange === undefined ? (
                  visible(group.decided ?? '', 80)
                ) : (
                  <button type="button" className="link" onClick={() => openTraffic(`id:${group.exchange!}`)}>
                    {visible(group.decided ?? '', 80)}
                  </button>
                )}
              </td>
              <td className="replay-sample">
                <SealedText text={group.sample.slice(0, 160)} />
              </td>
            </tr>
          ))}
          {problems.length > 0 && (
            <tr>
              <td className="num">{problems.length}</td>
              <td colSpan={3} className="tone-deny">
                {visible(problems[0]!.what, 200)}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}
