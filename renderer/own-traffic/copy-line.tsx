import { Copy } from 'lucide-react'
import { tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'

/** Something to be typed elsewhere, with a button that copies it. */
export function CopyLine({
  text,
  shown = text,
  name,
}: {
  text: string
  shown?: string
  /** What it is; default: a command, called by its text. */
  name?: string
}) {
  return (
    <div className="copy-line">
      <code>{shown}</code>
      <Button
        kind="quiet"
        label={name === undefined ? `Copy ${shown}` : `Copy ${name}`}
        tip={`Copy ${name ?? 'the command'}`}
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => tellDone('Copied'))
        }}
      >
        <Copy aria-hidden="true" />
      </Button>
    </div>
  )
}
