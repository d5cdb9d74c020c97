import { monaco } from './monaco.ts'

const themeName = 'gatehouse'

/** Gives the editors the colours of the page, and follows it when it turns dark or light. */
export function followPageTheme(): void {
  apply()
  new MutationObserver(apply).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] })
}

function apply(): void {
  const style = getComputedStyle(document.documentElement)
  const color = (token: string, opacity = '') => sixDigits(style.getPropertyValue(`--${token}`).trim()) + opacity
  const ink = (token: string) => color(token).slice(1)
  const light = document.documentElement.dataset['theme'] === 'light'
  monaco.editor.defineTheme(themeName, {
    base: light ? 'vs' : 'vs-dark',
    inherit: true,
    rules: [
      { token: '', foreground: ink('text') },
      { token: 'comment', foreground: ink('faint'), fontStyle: 'italic' },
      { token: 'type', foreground: ink('accent') },
      { token: 'string', foreground: ink('text') },
      { token: 'string.yaml', foreground: ink('text') },
      { token: 'number', foreground: ink('would') },
      { token: 'keyword', foreground: ink('would') },
      { token: 'operators', foreground: ink('muted') },
      { token: 'delimiter', foreground: ink('muted') },
      { token: 'tag', foreground: ink('unknown') },
      { token: 'namespace', foreground: ink('unknown') },
    ],
    colors: {
      'editor.background': color('panel'),
      'editor.foreground': color('text'),
      'editorLineNumber.foreground': color('faint'),
      'editorLineNumber.activeForeground': color('text'),
      'editorCursor.foreground': color('accent'),
      'editor.selectionBackground': color('accent', '44'),
      'editor.inactiveSelectionBackground': color('accent', '26'),
      'editor.lineHighlightBackground': color('hover'),
      'editor.lineHighlightBorder': '#00000000',
      'editor.wordHighlightBackground': color('accent', '22'),
      'editor.findMatchBackground': color('would', '55'),
      'editor.findMatchHighlightBackground': color('would', '2b'),
      'editorBracketMatch.background': color('accent', '22'),
      'editorBracketMatch.border': color('line-strong'),
      'editorIndentGuide.background1': color('line'),
      'editorIndentGuide.activeBackground1': color('line-strong'),
      'editorWhitespace.foreground': color('line-strong'),
      'editorError.foreground': color('deny'),
      'editorWarning.foreground': color('would'),
      'editorInfo.foreground': color('modify'),
      'editorWidget.background': color('raised'),
      'editorWidget.foreground': color('text'),
      'editorWidget.border': color('line-strong'),
      'editorHoverWidget.background': color('raised'),
      'editorHoverWidget.border': color('line-strong'),
      'editorSuggestWidget.background': color('raised'),
      'editorSuggestWidget.border': color('line-strong'),
      'editorSuggestWidget.foreground': color('text'),
      'editorSuggestWidget.selectedBackground': color('accent-bg'),
      'editorSuggestWidget.selectedForeground': color('text'),
      'editorSuggestWidget.highlightForeground': color('accent'),
      'editorSuggestWidget.focusHighlightForeground': color('accent'),
      'editorOverviewRuler.border': '#00000000',
      'editorGutter.background': color('panel'),
      'editorLink.activeForeground': color('accent'),
      'textLink.foreground': color('accent'),
      'textCodeBlock.background': color('bg'),
      'menu.background': color('raised'),
      'menu.foreground': color('text'),
      'menu.selectionBackground': color('accent-bg'),
      'menu.selectionForeground': color('text'),
      'menu.separatorBackground': color('line'),
      'menu.border': color('line-strong'),
      'input.background': color('bg'),
      'input.foreground': color('text'),
      'input.border': color('line-strong'),
      'inputOption.activeBackground': color('accent-bg'),
      'inputOption.activeForeground': color('text'),
      'list.hoverBackground': color('hover'),
      'list.focusBackground': color('accent-bg'),
      'list.activeSelectionBackground': color('accent-bg'),
      'list.activeSelectionForeground': color('text'),
      'quickInput.background': color('raised'),
      'quickInput.foreground': color('text'),
      focusBorder: color('accent'),
      'widget.border': color('line-strong'),
      'widget.shadow': '#00000066',
      'scrollbar.shadow': '#00000000',
      'scrollbarSlider.background': color('line-strong', '88'),
      'scrollbarSlider.hoverBackground': color('line-strong', 'bb'),
      'scrollbarSlider.activeBackground': color('line-strong'),
      'diffEditor.insertedTextBackground': color('pass', '30'),
      'diffEditor.removedTextBackground': color('deny', '30'),
      'diffEditor.insertedLineBackground': color('pass-bg'),
      'diffEditor.removedLineBackground': color('deny-bg'),
      'diffEditor.border': color('line'),
      'diffEditorGutter.insertedLineBackground': color('pass-bg'),
      'diffEditorGutter.removedLineBackground': color('deny-bg'),
    },
  })
  monaco.editor.setTheme(themeName)
}

/** The editor knows no short form, and a build writes `#ffffff` as `#fff`. */
function sixDigits(color: string): string {
  return color.length === 4 ? color.replace(/[0-9a-f]/gi, '$&$&') : color
}
