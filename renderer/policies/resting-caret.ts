import type { Editor } from '../monaco/monaco.ts'

/** A caret blinks for so long after the last key or move (ms). Each blink draws the window, all night if nobody stops it. */
const blinksMs = 10_000

/** Lets the caret of an editor stand still while nobody types. Ends with the editor. */
export function restCaret(editor: Editor): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let resting = false
  const wake = () => {
    if (resting) editor.updateOptions({ cursorBlinking: 'blink' })
    resting = false
    clearTimeout(timer)
    timer = setTimeout(() => {
      resting = true
      editor.updateOptions({ cursorBlinking: 'solid' })
    }, blinksMs)
  }
  editor.onDidFocusEditorText(wake)
  editor.onKeyDown(wake)
  editor.onDidChangeCursorPosition(wake)
  editor.onDidDispose(() => clearTimeout(timer))
  wake()
}
