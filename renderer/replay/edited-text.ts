/**
 * What a text field made of a text, with the line ends that it had: a field knows only `\n`, and a body is sent byte for
 * byte. What is written anew gets the line ends of the text around it.
 */
export function editedText(before: string, after: string): string {
  if (!before.includes('\r')) return after
  const lines = before.split(/(?<=\r\n|\r(?!\n)|(?<!\r)\n)/)
  const shown = lines.map((line) => line.replace(/\r\n?$/, '\n'))
  const now = after.split(/(?<=\n)/)
  let start = 0
  while (start < now.length && start < shown.length && now[start] === shown[start]) start++
  let end = 0
  while (end < now.length - start && end < shown.length - start && now.at(-1 - end) === shown.at(-1 - end)) end++
  const changed = lines.slice(start, lines.length - end)
  const near = [...changed, lines[start - 1] ?? '', lines[0] ?? ''].find((line) => /[\r\n]$/.test(line)) ?? '\n'
  const lineEnd = /(?:\r\n|\r|\n)$/.exec(near)![0]
  const written = now.slice(start, now.length - end).map((line, at) => {
    // A line that was there keeps its own end.
    const own = /(?:\r\n|\r|\n)$/.exec(changed[at] ?? '')?.[0]
    return line.replace(/\n$/, own ?? lineEnd)
  })
  const text = [...lines.slice(0, start), ...written, ...lines.slice(lines.length - end)].join('')
  // A line that ends with `\r` and an empty one behind it would be one.
  return text.replaceAll(/\r\n?/g, '\n') === after ? text : after.replaceAll('\n', '\r\n')
}
