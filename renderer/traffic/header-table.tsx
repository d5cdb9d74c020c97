import { visible } from '../../gateway-core/visible.ts'
import { SealedText } from './sealed-text.tsx'

/** Header fields as they stood on the wire: order, case and repetitions kept. */
export function HeaderTable({ fields }: { fields: readonly (readonly [name: string, value: string])[] }) {
  return (
    <table className="headers">
      <tbody>
        {fields.map(([name, value], at) => (
          <tr key={at}>
            <th scope="row">
              <code>{visible(name, 200)}</code>
            </th>
            <td>
              <code>
                <SealedText text={value} />
              </code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** The same for a flat list: name, value, name, value. */
export function pairsOf(headers: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = []
  for (let at = 0; at + 1 < headers.length; at += 2) pairs.push([headers[at]!, headers[at + 1]!])
  return pairs
}
