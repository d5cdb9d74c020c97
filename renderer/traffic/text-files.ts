/** Lets the person save a text under a name, in a browser. */
export function saveText(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Asks for a file and reads it as text, in a browser; nothing when none was chosen. */
export function chooseText(accept: string): Promise<string | undefined> {
  const input = document.createElement('input')
  input.type = 'file'
  input.accept = accept
  return new Promise((resolve, reject) => {
    input.addEventListener('cancel', () => resolve(undefined))
    input.addEventListener('change', () => {
      const file = input.files?.[0]
      if (file) file.text().then(resolve, reject)
      else resolve(undefined)
    })
    input.click()
  })
}
