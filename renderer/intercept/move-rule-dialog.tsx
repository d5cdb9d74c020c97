import { useEffect, useState } from 'react'
import { create } from 'zustand'
import { visible } from '../../gateway-core/visible.ts'
import { failureText } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Field } from '../ui/field.tsx'
import { useIntercept } from './intercept-store.ts'
import { moveRuleTo } from './rule-store.ts'

export const useMoveRule = create<{ open: boolean }>(() => ({ open: false }))

/** Moves the chosen rule to another file: one that has rules, or a new one. */
export function MoveRuleDialog() {
  const open = useMoveRule((state) => state.open)
  const name = useIntercept(({ rule }) => rule)
  const rules = useIntercept(({ state }) => state?.rules) ?? []
  const [path, setPath] = useState('')
  const [problem, setProblem] = useState<string>()
  const own = rules.find((rule) => rule.name === name)?.file
  const others = [...new Set(['gatehouse.yaml', 'rules/rules.yaml', ...rules.map(({ file }) => file)])].filter(
    (file) => file !== own,
  )
  const close = () => useMoveRule.setState({ open: false })
  useEffect(() => {
    if (!open) return
    setPath('')
    setProblem(undefined)
  }, [open])
  const move = async (to: string) => {
    try {
      await moveRuleTo(/[/.]/.test(to) ? to : `rules/${to}.yaml`)
      close()
    } catch (error) {
      setProblem(failureText(error))
    }
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title="Move the rule to another file"
      about={`It goes behind the rules that are there. Rules of gatehouse.yaml run first, then those of rules/ by the names of their files.${own === undefined ? '' : ` Now it stands in ${visible(own, 80)}.`}`}
    >
      <form
        className="inject"
        onSubmit={(event) => {
          event.preventDefault()
          if (path.trim() !== '') void move(path.trim())
        }}
      >
        {others.map((file) => (
          <Button key={file} onClick={() => void move(file)}>
            {visible(file, 80)}
          </Button>
        ))}
        <Field
          label="Or a new file"
          placeholder="rules/chaos.yaml"
          value={path}
          error={problem}
          onChange={(event) => {
            setPath(event.target.value)
            setProblem(undefined)
          }}
        />
        <div className="row inject-actions">
          <span className="grow" />
          <Button onClick={close}>Cancel</Button>
          <Button kind="main" type="submit" disabled={path.trim() === ''}>
            Move
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
