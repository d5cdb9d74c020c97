import { shortcutKeys } from './shortcut.ts'
import './keys.css'

/** A shortcut as small keys: `Ctrl` `K`. */
export function Keys({ shortcut }: { shortcut: string }) {
  return (
    <span className="keys">
      {shortcutKeys(shortcut).map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </span>
  )
}
