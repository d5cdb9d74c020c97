import type { Finding } from './problems.ts'

/** A certificate is of use only with its private key, and the key only with it. */
export function reportHalfPair(
  { certificate, key }: Readonly<Record<string, unknown>>,
  report: (key: 'certificate' | 'key', finding: Finding) => void,
): void {
  if ((certificate === undefined) === (key === undefined)) return
  const [there, missing] =
    certificate === undefined ? (['key', 'certificate'] as const) : (['certificate', 'key'] as const)
  const message = `"${there}" needs "${missing}" beside it`
  report(there, { code: 'MISSING_KEY', part: 'key', message, suggestion: `add ${missing}: …, or remove ${there}` })
}
