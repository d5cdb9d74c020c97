import type { OwnTraffic } from '../../gateway-core/protocol/own-traffic.ts'
import { CopyLine } from './copy-line.tsx'

/** A program on this machine. */
export function ProgramPage({ state }: { state: OwnTraffic }) {
  const { proxy, ca, command } = state
  const url = proxy?.url ?? 'http://127.0.0.1:8888'
  const file = ca?.file ?? '.gatehouse/tls/ca.pem'
  return (
    <>
      <p>
        <b>gatehouse run</b> starts a program with proxy and CA set for it alone: curl, Git, Node.js, Python, Java, Go,
        Ruby, Rust, Deno. Nothing is installed, and nothing stays.
      </p>
      <CopyLine text={`${command}curl https://api.github.com/zen`} />
      <CopyLine text={`${command}npm test`} />
      <h3>By hand</h3>
      <CopyLine text={`curl --proxy ${url} --cacert ${file} https://api.github.com/zen`} />
      <CopyLine text={`export HTTP_PROXY=${url} HTTPS_PROXY=${url} NODE_USE_ENV_PROXY=1 NODE_EXTRA_CA_CERTS=${file}`} />
    </>
  )
}
