import { expect, test } from 'vitest'
import { t } from '../../../renderer/monaco/yaml-messages.ts'

test.each([
  ['Property {0} is not allowed.', ['x'], 'Property x is not allowed.'],
  ['{0} of {1}', [2, 3], '2 of 3'],
  ['Property {name} is odd', [{ name: 'y' }], 'Property y is odd'],
  // The key of a half-typed line: the package this stands for throws.
  ['Property {0} is not allowed.', [null], 'Property  is not allowed.'],
  ['Property {0} is not allowed.', [undefined], 'Property  is not allowed.'],
  ['Nothing to write', [], 'Nothing to write'],
  ['{0} stays', [], '{0} stays'],
])('%j with %j is %j', (message, values, written) => expect(t(message, ...values)).toBe(written))
