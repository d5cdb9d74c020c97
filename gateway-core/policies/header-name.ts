/** Schema of the name of a header field (RFC 9110 §5.1) where no name means several: `*` may stand in a name, and would match nothing. */
export const headerName = {
  type: 'string',
  pattern: "^[!#$%&'+.^_`|~0-9A-Za-z-]+$",
  wants: 'the name of a header field',
} as const
