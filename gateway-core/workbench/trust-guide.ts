import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TrustGuide, TrustStep } from '../protocol/own-traffic.ts'

const say = (text: string): TrustStep => ({ text })
const type = (command: string): TrustStep => ({ command })

/**
 * What a person does so that programs trust the CA whose certificate lies at `pem`. Nothing of it is ever done by
 * Gatehouse itself. `page` is where a phone finds the certificate.
 */
export function trustGuides(pem: string, page: string): TrustGuide[] {
  const file = quoted(pem)
  const name = nameIn(pem)
  const certificates = '/usr/local/share/ca-certificates/gatehouse.crt'
  const anchors = '/etc/pki/ca-trust/source/anchors/gatehouse.pem'
  return [
    {
      id: 'curl',
      title: 'curl',
      steps: [
        type(`curl --cacert ${file} https://…`),
        say('or for a whole shell:'),
        type(`export CURL_CA_BUNDLE=${file}`),
      ],
      undo: [type('unset CURL_CA_BUNDLE')],
    },
    {
      id: 'node',
      title: 'Node.js',
      steps: [
        type(`export NODE_EXTRA_CA_CERTS=${file}`),
        say('fetch takes the proxy of HTTPS_PROXY from Node 24 on:'),
        type('export NODE_USE_ENV_PROXY=1'),
      ],
      undo: [type('unset NODE_EXTRA_CA_CERTS NODE_USE_ENV_PROXY')],
    },
    {
      id: 'python',
      title: 'Python',
      steps: [
        say(
          'requests, httpx and the standard library read a bundle that has to hold all CAs; "gatehouse run" makes one. By hand:',
        ),
        type(`cat "$(python3 -m certifi)" ${file} > ~/gatehouse-bundle.pem`),
        type('export REQUESTS_CA_BUNDLE=~/gatehouse-bundle.pem SSL_CERT_FILE=~/gatehouse-bundle.pem'),
      ],
      undo: [type('unset REQUESTS_CA_BUNDLE SSL_CERT_FILE'), type('rm ~/gatehouse-bundle.pem')],
    },
    {
      id: 'java',
      title: 'Java',
      steps: [
        type(
          `keytool -importcert -noprompt -alias gatehouse -storepass changeit -keystore gatehouse.p12 -file ${file}`,
        ),
        say('This store holds our CA alone, so everything the program calls has to go through the proxy:'),
        type(
          'java -Djavax.net.ssl.trustStore=gatehouse.p12 -Djavax.net.ssl.trustStorePassword=changeit -Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=8888 …',
        ),
      ],
      undo: [type('rm gatehouse.p12')],
    },
    {
      id: 'debian',
      title: 'Debian, Ubuntu',
      steps: [type(`sudo cp ${file} ${certificates}`), type('sudo update-ca-certificates')],
      undo: [type(`sudo rm ${certificates}`), type('sudo update-ca-certificates --fresh')],
    },
    {
      id: 'fedora',
      title: 'Fedora, RHEL',
      steps: [type(`sudo cp ${file} ${anchors}`), type('sudo update-ca-trust')],
      undo: [type(`sudo rm ${anchors}`), type('sudo update-ca-trust')],
    },
    {
      id: 'arch',
      title: 'Arch Linux',
      steps: [type(`sudo trust anchor --store ${file}`)],
      undo: [type(`sudo trust anchor --remove ${file}`)],
    },
    {
      id: 'alpine',
      title: 'Alpine',
      steps: [type(`cp ${file} ${certificates}`), type('update-ca-certificates')],
      undo: [type(`rm ${certificates}`), type('update-ca-certificates')],
    },
    {
      id: 'macos',
      title: 'macOS',
      steps: [
        say('For this user only; the system asks for the password:'),
        type(`security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${file}`),
      ],
      undo: [type(`security remove-trusted-cert ${file}`), say(`then delete "${name}" in Keychain Access.`)],
    },
    {
      id: 'windows',
      title: 'Windows',
      steps: [
        say('For this user only; Windows asks whether you mean it:'),
        type(`certutil -user -addstore Root ${file}`),
      ],
      undo: [type(`certutil -user -delstore Root "${name}"`)],
    },
    {
      id: 'chrome-linux',
      title: 'Chrome on Linux',
      steps: [
        type(`certutil -d sql:$HOME/.pki/nssdb -A -t "C,," -n gatehouse -i ${file}`),
        say('certutil is in libnss3-tools.'),
      ],
      undo: [type('certutil -d sql:$HOME/.pki/nssdb -D -n gatehouse')],
    },
    {
      id: 'firefox',
      title: 'Firefox',
      steps: [
        say('Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import: choose'),
        type(pem),
        say('and tick "Trust this CA to identify websites".'),
      ],
      undo: [say(`In the same list choose "${name}", then Delete or Distrust.`)],
    },
    {
      id: 'git',
      title: 'Git',
      steps: [type(`git -c http.sslCAInfo=${file} -c http.proxy=http://127.0.0.1:8888 fetch`)],
      undo: [say('Nothing stays: the settings count for this one command.')],
    },
    {
      id: 'deno',
      title: 'Deno, Bun',
      steps: [type(`export DENO_CERT=${file} NODE_EXTRA_CA_CERTS=${file}`)],
      undo: [type('unset DENO_CERT NODE_EXTRA_CA_CERTS')],
    },
    {
      id: 'ios',
      title: 'iPhone, iPad',
      steps: [
        say('Set the proxy of the Wi-Fi by hand (host and port of this one), then open in Safari:'),
        type(page),
        say(
          'Download the certificate, install it in Settings, Profile Downloaded, and switch it on in Settings, General, About, Certificate Trust Settings.',
        ),
      ],
      undo: [say('Settings, General, VPN & Device Management: remove the profile. Set the proxy to Off.')],
    },
    {
      id: 'android',
      title: 'Android',
      steps: [
        say('Set the proxy of the Wi-Fi by hand (host and port of this one), then open in Chrome:'),
        type(page),
        say(
          'Download the certificate and install it in Settings, Security, More, Install a certificate, CA certificate. Apps trust it only where they are built to; browsers do.',
        ),
      ],
      undo: [say('Settings, Security, Trusted credentials, User: remove it. Set the proxy to None.')],
    },
  ]
}

/** The name under which systems list the CA. */
function nameIn(pem: string): string {
  try {
    return /^CN=(.+)$/m.exec(new X509Certificate(readFileSync(pem)).subject)?.[1] ?? 'Gatehouse local CA'
  } catch {
    return 'Gatehouse local CA'
  }
}

/** A path as a shell takes it as one word. */
export function quoted(path: string): string {
  return /^[\w@%+=:,./~-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
