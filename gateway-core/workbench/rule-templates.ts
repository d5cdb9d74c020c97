/** A rule of each kind to begin with. Each is read by a test. */
export const ruleTemplates = {
  rewrite: `name: rewrite something
match: path~^/
rewrite:
  request:
    setHeaders: { X-Debug: "1" }
    # removeHeaders: [X-Old]
    # replace: [{ in: url, text: /v1/, with: /v2/ }]
  # response:
  #   setJson: { /price: 0 }
`,
  mock: `name: mock something
match: path:/example
mock:
  status: 200
  json: { ok: true }
  # headers: { Cache-Control: no-store }
  # file: mocks/answer.json
`,
  delay: `name: slow answers
match: path~^/
delay: { from: 200ms, to: 2s }
# share: 0.5               # half of them, by chance
`,
  fault: `name: break something
match: path:/example
share: 0.2                 # every fifth, by chance
fault: { status: 503 }     # or reset, hang, { truncate: 100b }, { slow: 64b }
`,
} as const
