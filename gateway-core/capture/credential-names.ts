/**
 * Names under which credentials travel. They are matched in lower case with `-`, `_` and `.` removed, so that
 * `X-Api-Key`, `x_api_key` and `apiKey` are one name.
 */
const anywhere = [
  'password',
  'passwd',
  'pwd',
  'passphrase',
  'secret',
  'clientsecret',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'sessiontoken',
  'authtoken',
  'csrftoken',
  'xsrftoken',
  'bearertoken',
  'token',
  'jwt',
  'apikey',
  'apitoken',
  'apisecret',
  'accesskey',
  'secretkey',
  'secretaccesskey',
  'privatekey',
  'authorization',
  'clientassertion',
  'assertion',
  'codeverifier',
  'sessionid',
  'otp',
]

const fieldNames = new Set(anywhere)
const parameterNames = new Set([
  ...anywhere,
  'key',
  'code',
  'sig',
  'signature',
  'auth',
  'session',
  'sid',
  'xamzsignature',
  'xamzsecuritytoken',
  'xgoogsignature',
  'subscriptionkey',
])
const headerNames = new Set([
  ...anywhere,
  'proxyauthorization',
  'cookie',
  'setcookie',
  'setcookie2',
  'privatetoken',
  'ocpapimsubscriptionkey',
  'xfunctionskey',
  'xrapidapikey',
  'xgoogiamauthorizationtoken',
])
/** `X-Vendor-Api-Key`, `X-Amz-Security-Token`, `X-Session-Id` and their many relatives. */
const headerSuffix = /(?:token|secret|password|apikey|accesskey|authkey|authorization|sessionid|credentials?)$/

/** A header whose value is a credential. */
export function isCredentialHeader(name: string): boolean {
  const plain = plainName(name)
  return headerNames.has(plain) || headerSuffix.test(plain)
}

/** A query or form parameter whose value is a credential. */
export function isCredentialParameter(name: string): boolean {
  return parameterNames.has(plainName(name))
}

/** A member of a JSON body whose value is a credential. */
export function isCredentialMember(name: string): boolean {
  return fieldNames.has(plainName(name))
}

/** Schemes after which the credentials of `Authorization` begin (IANA registry and common use). */
export const authenticationSchemes = new Set(
  'basic bearer digest dpop gnap hoba mutual negotiate ntlm oauth privatetoken concealed vapid scram-sha-1 scram-sha-256 hawk token apikey api-key signature aws4-hmac-sha256'.split(
    ' ',
  ),
)

function plainName(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '')
}
