/**
 * The one table of codes that people meet. `denials` are verdicts on an exchange and appear in problem details
 * (RFC 9457), traces, tests and documentation; `diagnostics` are problems in workspace files.
 */
export interface Denial {
  status: number
  /** Title of the problem details: short, the same for each occurrence. */
  title: string
  /** For people: what happened and what would help. Generated documentation and hover text show it. */
  help: string
}

const denialTable = {
  // Malformed or unsupported requests, refused by the gateway itself.
  MALFORMED_REQUEST: d(
    400,
    'Malformed request',
    'The request line or a header breaks RFC 9112; no server should guess what it means.',
  ),
  AMBIGUOUS_LENGTH: d(
    400,
    'Ambiguous message length',
    'Content-Length and Transfer-Encoding contradict each other or are repeated (request smuggling, RFC 9112 §6.3).',
  ),
  UNSUPPORTED_CODING: d(501, 'Unsupported transfer coding', 'Only `chunked` is understood as a transfer coding.'),
  BAD_HOST: d(400, 'Bad host', 'The request names no host, several, or an invalid one (RFC 9110 §7.2).'),
  BAD_TARGET: d(
    400,
    'Bad request target',
    'The request target is not in origin form or contradicts the Host header (RFC 9112 §3.2).',
  ),
  AMBIGUOUS_PATH: d(
    400,
    'Ambiguous path',
    'The path has an encoded slash, backslash or NUL, or a `..;` segment, which servers read differently.',
  ),
  UNSUPPORTED_VERSION: d(505, 'HTTP version not supported', 'HTTP/1.0, HTTP/1.1 and HTTP/2 are understood.'),
  EXPECTATION_FAILED: d(417, 'Expectation failed', 'Only `Expect: 100-continue` is understood (RFC 9110 §10.1.1).'),
  HEADERS_TOO_LARGE: d(
    431,
    'Headers too large',
    'The header section is longer than `limits.headerBytes` or has more fields than `limits.headerCount`.',
  ),
  BODY_TOO_LARGE: d(413, 'Body too large', 'The body is longer than this gateway or one of its policies reads.'),
  REQUEST_TIMEOUT: d(408, 'Request timeout', 'The client did not send its request within the time limit.'),
  UPGRADE_REFUSED: d(
    501,
    'Upgrade refused',
    'Only WebSocket upgrades pass; CONNECT, h2c and other protocols would pass every policy by.',
  ),
  TLS_HANDSHAKE_FAILED: d(
    400,
    'TLS handshake failed',
    'Client and gateway agreed on no TLS session: version, cipher, or a client certificate that is missing or not trusted.',
  ),
  GRPC_UNSUPPORTED: d(
    501,
    'gRPC is not supported',
    'This gateway does not forward gRPC: its trailers and streams need HTTP/2 to the upstream.',
  ),
  BAD_CONTENT_CODING: d(400, 'Bad content coding', 'The body does not decode as its Content-Encoding says.'),
  UNSUPPORTED_CONTENT_CODING: d(
    415,
    'Unsupported content coding',
    'Policies here read the body; it has to be sent plain or as gzip, deflate, br or zstd.',
  ),
  // Routing and upstream.
  NO_ROUTE: d(404, 'No route', 'No route of the workspace matches host, path, method, headers and query.'),
  AMBIGUOUS_ROUTE: d(
    400,
    'Ambiguous route',
    'Some servers read this request as one of another route: this spelling of the path (case, `//`, `;`, double encoding, a slash or dot at the end) as one that a narrower route protects, or its method as the one that `X-HTTP-Method-Override` names. Write path and method as that route does, or give the spelling a route.',
  ),
  METHOD_NOT_ROUTED: d(405, 'Method not allowed', 'The path has routes, but none for this method.'),
  UPSTREAM_UNREACHABLE: d(502, 'Upstream unreachable', 'No connection to the upstream could be made.'),
  UPSTREAM_NOT_TRUSTED: d(
    502,
    'Upstream not trusted',
    'The certificate of the upstream does not verify: it is expired, for another host, or of a CA that is not trusted here.',
  ),
  UPSTREAM_BROKEN: d(502, 'Upstream broken', 'The upstream closed the connection or sent something that is not HTTP.'),
  UPSTREAM_TIMEOUT: d(504, 'Upstream timeout', 'The upstream did not answer within its timeout.'),
  UPSTREAM_BODY_TOO_LARGE: d(
    502,
    'Upstream response too large',
    'A policy reads the response body, and it is longer than the limit it may hold.',
  ),
  UPSTREAM_BAD_CODING: d(
    502,
    'Upstream response coding',
    'A policy reads the response body, and it does not decode as its Content-Encoding says.',
  ),
  OVERLOADED: d(503, 'Overloaded', 'The gateway is at its limit of connections or buffered bytes.'),
  INTERNAL_ERROR: d(
    500,
    'Internal error',
    'A policy or the gateway failed; the exchange fails closed. The capture holds the reason.',
  ),
  NO_UPSTREAM: d(
    503,
    'No upstream',
    'The route names no upstream, so a request that policies let pass has nowhere to go.',
  ),
  // The forward proxy.
  MISDIRECTED_REQUEST: d(
    421,
    'Misdirected request',
    'The request names another host than the connection it came on was opened for (RFC 9110 §15.5.20).',
  ),
  PROXY_LOOP: d(508, 'Loop', 'The forward proxy was asked to connect to itself.'),
  PROXY_CLIENT_NOT_ALLOWED: d(
    403,
    'Not for this client',
    'The forward proxy serves this machine and devices of its private networks; those reach nothing on this machine itself.',
  ),
  CERTIFICATE_REJECTED: d(
    400,
    'Certificate not accepted',
    'The client does not take the certificate that the local CA made for this host: it does not trust the CA, or accepts one certificate only.',
  ),
  // real-ip, ip-restriction
  IP_NOT_ALLOWED: d(403, 'Address not allowed', 'The client address is in no allowed network.'),
  IP_DENIED: d(403, 'Address denied', 'The client address is in a denied network.'),
  // key-auth
  KEY_MISSING: d(401, 'API key missing', 'The request carries no API key where this policy looks for one.'),
  KEY_UNKNOWN: d(401, 'API key unknown', 'The API key belongs to no consumer.'),
  KEY_AMBIGUOUS: d(401, 'API key ambiguous', 'The request carries several different API keys.'),
  // jwt-auth
  TOKEN_MISSING: d(401, 'Token missing', 'The request carries no token where this policy looks for one.'),
  TOKEN_AMBIGUOUS: d(401, 'Token ambiguous', 'The request carries several tokens; which one counts would be a guess.'),
  TOKEN_MALFORMED: d(401, 'Token malformed', 'The token is not a strict compact JWS (RFC 7515 §3.1).'),
  ALGORITHM_NOT_ALLOWED: d(
    401,
    'Algorithm not allowed',
    'The token names an algorithm that is not in the allow-list of this policy.',
  ),
  CRITICAL_HEADER_UNKNOWN: d(
    401,
    'Critical header not understood',
    'The token lists a critical header parameter that is not understood (RFC 7515 §4.1.11).',
  ),
  KEYS_UNAVAILABLE: d(
    503,
    'Keys unavailable',
    'The keys of the issuer could not be loaded, so no token can be verified.',
  ),
  SIGNATURE_INVALID: d(401, 'Signature invalid', 'The signature of the token does not match any key of the issuer.'),
  TOKEN_EXPIRED: d(401, 'Token expired', 'The token was valid until a time that has passed.'),
  TOKEN_NOT_YET_VALID: d(401, 'Token not yet valid', 'The token becomes valid later (nbf or iat lies ahead).'),
  EXPIRY_MISSING: d(401, 'Expiry missing', 'The token has no exp claim, and this policy requires one.'),
  TOKEN_TOO_OLD: d(401, 'Token too old', 'The token was issued longer ago than this policy accepts.'),
  ISSUER_NOT_ALLOWED: d(401, 'Issuer not allowed', 'The token comes from an issuer this policy does not trust.'),
  AUDIENCE_NOT_ALLOWED: d(401, 'Audience not allowed', 'The token was made for another audience.'),
  TYPE_NOT_ALLOWED: d(
    401,
    'Token type not allowed',
    'The typ header of the token is not one that this policy accepts (RFC 8725 §3.11).',
  ),
  CLAIM_MISSING: d(401, 'Claim missing', 'The token lacks a claim that this policy requires.'),
  CLAIM_NOT_ALLOWED: d(403, 'Claim not allowed', 'A claim of the token has a value that this policy does not accept.'),
  SCOPE_MISSING: d(403, 'Scope missing', 'The token does not carry a scope that this policy requires.'),
  // rbac, acl
  NOT_AUTHENTICATED: d(
    401,
    'Not authenticated',
    'This policy needs to know the caller, and no identity policy ran before it or none found one.',
  ),
  ROLE_NOT_ALLOWED: d(403, 'Role not allowed', 'None of the caller’s roles may do this; what is not listed is denied.'),
  CONSUMER_NOT_ALLOWED: d(
    403,
    'Consumer not allowed',
    'The caller is not among the consumers and groups that may use this.',
  ),
  CONSUMER_DENIED: d(403, 'Consumer denied', 'The caller is among the consumers or groups that may not use this.'),
  // rate-limiting, quota, sizes
  LIMIT_REACHED: d(
    429,
    'Rate limit reached',
    'Too many requests in this window; Retry-After says when the next one is admitted.',
  ),
  QUOTA_EXCEEDED: d(
    429,
    'Quota exceeded',
    'The quota of this period is used up; Retry-After says when the next period begins.',
  ),
  LIMIT_KEY_MISSING: d(403, 'Nothing to count by', 'The limit counts by a value that this request does not carry.'),
  HEADERS_OVER_LIMIT: d(431, 'Headers over limit', 'The request headers are larger than this policy allows.'),
  BODY_OVER_LIMIT: d(413, 'Body over limit', 'The request body is larger than this policy allows.'),
  URL_OVER_LIMIT: d(414, 'URL over limit', 'The request target is longer than this policy allows.'),
  LENGTH_REQUIRED: d(
    411,
    'Length required',
    'This policy requires Content-Length, so that the size is known before the body is read.',
  ),
  // request-validation
  OPERATION_UNDOCUMENTED: d(404, 'Operation not documented', 'The OpenAPI document has no such path.'),
  METHOD_UNDOCUMENTED: d(405, 'Method not documented', 'The OpenAPI document has this path, but not with this method.'),
  PARAMETER_MISSING: d(400, 'Parameter missing', 'A parameter that the OpenAPI document requires is missing.'),
  PARAMETER_INVALID: d(400, 'Parameter invalid', 'A parameter does not match its schema.'),
  PARAMETER_UNKNOWN: d(400, 'Parameter not documented', 'A query parameter is not in the OpenAPI document.'),
  BODY_MISSING: d(400, 'Body missing', 'The operation requires a request body.'),
  BODY_INVALID: d(400, 'Body invalid', 'The request body does not match its schema.'),
  BODY_MALFORMED: d(400, 'Body malformed', 'The request body does not parse as its Content-Type says.'),
  BODY_UNKNOWN_PROPERTY: d(
    400,
    'Property not documented',
    'The request body has a property that its schema does not name (mass assignment).',
  ),
  BODY_READ_ONLY_PROPERTY: d(
    400,
    'Property read-only',
    'The request body sets a property that the document marks readOnly.',
  ),
  CONTENT_TYPE_NOT_ALLOWED: d(415, 'Content type not allowed', 'The operation does not accept this content type.'),
  // injection-protection
  INJECTION_DETECTED: d(
    403,
    'Attack pattern found',
    'A value looks like an attack; the evidence names the class, the place and the span.',
  ),
  // cors
  ORIGIN_NOT_ALLOWED: d(403, 'Origin not allowed', 'The page’s origin may not use this API (Fetch standard).'),
  PREFLIGHT_NOT_ALLOWED: d(
    403,
    'Preflight not allowed',
    'The preflight asks for a method or header that is not allowed.',
  ),
  // transformers and masks
  TRANSFORM_VALUE_MISSING: d(
    403,
    'Value missing',
    'The path of the upstream is made of a value that this request does not carry.',
  ),
  TRANSFORM_VALUE_UNSAFE: d(
    400,
    'Value unsafe',
    'A value would break out of the header or path it is put into: it holds a line break, another control character, a slash or dots.',
  ),
  BODY_NOT_JSON: d(502, 'Body is not JSON', 'A policy has to change the JSON body, and it does not parse as JSON.'),
} as const satisfies Record<string, Denial>

/** Code of a denial, as in problem details and traces. */
export type DenialCode = keyof typeof denialTable
export const denials: Readonly<Record<DenialCode, Denial>> = denialTable

/** Problems in workspace files, by code: what each is about. The message of an occurrence says the rest. */
export const diagnostics = {
  FILE_MISSING: 'A file that the workspace names cannot be read.',
  YAML_SYNTAX: 'The file is not valid YAML.',
  YAML_DUPLICATE_KEY: 'A mapping has the same key twice.',
  UNKNOWN_KEY: 'A key is not part of the format.',
  WRONG_TYPE: 'A value has the wrong type.',
  MISSING_KEY: 'A required key is missing.',
  BAD_VALUE: 'A value is not one of those possible.',
  UNKNOWN_POLICY: 'No policy type has this name.',
  UNKNOWN_REFERENCE: 'A name refers to something that the workspace does not define.',
  DUPLICATE_NAME: 'Two things in one scope have the same name.',
  SECRET_MISSING: 'A reference to a secret, a variable or a file cannot be resolved.',
  SECRET_IN_CLEAR: 'A secret stands in a file in clear.',
  BAD_EXPRESSION: 'A CEL expression or a regular expression does not compile.',
  BAD_ADDRESS: 'An address, network or URL is malformed.',
  BAD_DURATION: 'A duration or size is malformed.',
  OPENAPI_INVALID: 'The OpenAPI document cannot be read or breaks the specification.',
  ORDER: 'A policy comes before one it depends on.',
  UNREACHABLE: 'A route or policy can never be reached.',
  UNUSED: 'Something is written that has no effect, or that nothing uses.',
  UNSAFE: 'The configuration works but is dangerous.',
} as const satisfies Record<string, string>
export type DiagnosticCode = keyof typeof diagnostics

function d(status: number, title: string, help: string): Denial {
  return { status, title, help }
}
