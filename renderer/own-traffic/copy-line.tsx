import { Copy } from 'lucide-react'
import { tellDone } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'

/** Something to be typed elsewhere, with a button that copies it. */
export function CopyLine({
  text,
  shown = text,
  name = 'the command',
}: {
  text: string
  shown?: string
  name?: string
}) {
  return (
    <div className="copy-line">
      <code>{shown}</code>
      <Button
        kind="quiet"
        label={`Copy ${name}`}
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => tellDone('Copied'))
        }}
      >
        <Copy aria-hidden="true" />
      </Button>
    </div>
  )
}
