import { type Part, typeOfFile } from './multipart.ts'

/**
 * A form field as curl's `-F` writes it: `name=content`, `name=@file;type=a/b;filename="x"`, `name=<file`. A file that
 * `read` does not know keeps its path. Undefined for what is no field.
 */
export function formPart(value: string, files: boolean, read: (path: string) => Buffer | undefined): Part | undefined {
  const equals = value.indexOf('=')
  if (equals < 1) return undefined
  const name = value.slice(0, equals)
  const [written = '', ...attributes] = files ? partsOf(value.slice(equals + 1)) : [value.slice(equals + 1)]
  const content = files ? unquoted(written) : written
  const attribute = (key: string) => {
    const found = attributes.find((one) => one.trim().startsWith(`${key}=`))?.trim()
    return found === undefined ? undefined : unquoted(found.slice(key.length + 1))
  }
  const type = attribute('type')
  if (!files || !/^[@<]/.test(content)) {
    const file = files ? attribute('filename') : undefined
    const more = { ...(type !== undefined && { type }), ...(file !== undefined && { file }) }
    return { name, content: Buffer.from(content), ...more }
  }
  const path = unquoted(content.slice(1))
  const bytes = read(path)
  const file = content.startsWith('@') ? (attribute('filename') ?? path.replace(/^.*\//, '')) : undefined
  const known = type ?? (file === undefined ? undefined : typeOfFile(path))
  return {
    name,
    ...(bytes ? { content: bytes, read: true } : { content: Buffer.alloc(0), path }),
    ...(file !== undefined && { file }),
    ...(known !== undefined && { type: known }),
  }
}

/** The content of a form field and what is said of it: parted by `;`, but not inside of quotes. */
function partsOf(text: string): string[] {
  return text.match(/(?:"(?:\\[^]|[^"\\])*"|[^;"]|")+/g) ?? ['']
}

function unquoted(text: string): string {
  const quoted = /^"((?:\\[^]|[^"\\])*)"$/.exec(text.trim())
  return quoted ? quoted[1]!.replaceAll(/\\(["\\])/g, '$1') : text
}
