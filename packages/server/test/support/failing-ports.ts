import { ProtocolError } from '@sluice/protocol'
import type { Ports } from './engine.ts'

/** Whether a call fails instead of doing its work, or does it and its answer is lost. */
export type FailureTime = 'before' | 'after'

export interface Failure {
  /** The call that fails, counted from 1 over both ports. */
  readonly nth: number
  readonly time: FailureTime
  /** The name of the call that failed; nothing while all went well. */
  failed?: string
}

/** Lets the n-th call of either port fail, as the port promises to fail: with a ProtocolError. */
export function failingPorts({ metadata, blobs }: Ports, failure: Failure): Ports {
  let calls = 0
  const failing = <Port extends object>(port: Port, portName: string): Port =>
    new Proxy(port, {
      get(target, name) {
        const method = Reflect.get(target, name, target)
        if (typeof method !== 'function') return method
        return async (...args: unknown[]) => {
          const fails = ++calls === failure.nth
          if (fails) failure.failed = `${portName}.${String(name)}`
          if (fails && failure.time === 'before') throw failureOf(portName, String(name))
          const result = await method.apply(target, args)
          if (fails) throw failureOf(portName, String(name))
          return result
        }
      },
    })
  return { metadata: failing(metadata, 'metadata'), blobs: failing(blobs, 'blobs') }
}

function failureOf(portName: string, name: string): ProtocolError {
  const onlyLooks = portName === 'metadata' && /^(find|list|count|which)/.test(name)
  return new ProtocolError(onlyLooks ? 'readFailed' : 'writeFailed', `${portName}.${name} fails in this test`)
}
