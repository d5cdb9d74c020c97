import { FileUp } from 'lucide-react'
import { useRef } from 'react'
import { replacedBytes } from '../../gateway-core/protocol/intercept.ts'
import { visible } from '../../gateway-core/visible.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { bytesText } from '../ui/format.ts'
import type { Edit } from './edits.ts'

type Change = (change: Partial<Edit>) => void

/** Puts a file in the place of the body: what is long or binary is made elsewhere. */
export function FileButton({ onChange }: { onChange: Change }) {
  const input = useRef<HTMLInputElement>(null)
  const take = async (file: File) => {
    try {
      if (file.size > replacedBytes) throw new Error(`${file.name} is longer than ${bytesText(replacedBytes)}`)
      onChange({ file: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } })
    } catch (error) {
      tellFailure(error)
    }
  }
  return (
    <>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File in the place of the body"
        onChange={({ target }) => {
          const [file] = target.files ?? []
          target.value = ''
          if (file) void take(file)
        }}
      />
      <Button kind="quiet" label="Put a file in the place of the body" onClick={() => input.current?.click()}>
        <FileUp aria-hidden="true" />
      </Button>
    </>
  )
}

/** What stands in the place of the body. */
export function Replaced({ file, onChange }: { file: NonNullable<Edit['file']>; onChange: Change }) {
  return (
    <div className="row held-note">
      <span className="grow">
        The body is <b>{visible(file.name, 120)}</b> ({bytesText(file.bytes.length)}).
      </span>
      <Button onClick={() => onChange({ file: undefined })}>Back to the body</Button>
    </div>
  )
}
