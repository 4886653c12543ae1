import { readFileSync } from 'node:fs'

/** A golden vector of either signature family, as far as it can be sent over the wire. */
export interface WireVector {
  readonly id: string
  readonly title: string
  readonly secretId: string
  readonly secretKey: string
  /** Unix seconds of the service it is meant for. */
  readonly now: number
  readonly expect: {
    readonly verdict: 'accept' | 'reject'
    readonly uploadCode?: number
    readonly generalCode?: number
    readonly requestFileSha?: string
  }
  /** Server vectors: the request. */
  readonly request: {
    readonly method: 'GET' | 'POST'
    readonly host: string
    readonly path: string
    readonly query: string
    /** Of a POST whose parameters are a form. */
    readonly body?: string
  }
  readonly params: Readonly<Record<string, string>>
  /** UGC vectors: the signature as it stands in a query, and what it says. */
  readonly onWire: string
  readonly fields: Readonly<Record<string, string | number>> | null
}

/** The golden vectors whose ids match. */
export function wireVectors(ids: RegExp): WireVector[] {
  const file = new URL('../../../protocol/test/vectors.json', import.meta.url)
  const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: WireVector[] } // the file is ours
  return vectors.filter(({ id }) => ids.test(id))
}
