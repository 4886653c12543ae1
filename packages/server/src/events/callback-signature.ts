import { createHmac } from 'node:crypto'

/**
 * The signature of a callback: `t=<Unix seconds>,v1=<hex>`, where v1 is the HMAC-SHA256 of `<t>.<body>` by the app's
 * secret. During a rotation there are two v1, the newest first; either proves who sent it.
 */
export function signCallback(secrets: readonly string[], body: string, nowS: number): string {
  const proofs = secrets.map((secret) => `,v1=${createHmac('sha256', secret).update(`${nowS}.${body}`).digest('hex')}`)
  return `t=${nowS}${proofs.join('')}`
}
