/** Signing and verifying, on node:crypto: for the service, an app's backend and the command line, never for a browser. */
export { hmac, type SignatureMethod } from './hmac.ts'
export * from './hotlink.ts'
export * from './server-signature.ts'
export * from './ugc-signature.ts'
export * from './verify-content.ts'
