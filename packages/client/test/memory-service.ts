import { createHash } from 'node:crypto'
import type { Transport, TransportAnswer } from '@sluice/client'
import { type ActionName, listParts, ProtocolError, partRanges, splitQuery } from '@sluice/protocol'
import { parseUgc, readPairs, verifyServerSignature, verifyUgc } from '@sluice/protocol/signatures'

export const secretId = 'AKIDtest'
export const secretKey = 'key-of-the-test'
export const now = 1_490_000_000_000

/** A call as the service met it. */
export interface MetCall {
  readonly action: ActionName
  readonly query: string
  readonly params: ReadonlyMap<string, string>
  readonly body: Uint8Array
}

interface Session {
  fileSize: number
  dataSize: number
  /** The video whose cover it is. */
  coverOf?: string | undefined
  readonly parts: Map<number, Uint8Array>
}

type Reply = Record<string, unknown> & { code: number }

/** Makes an answer of the wire. */
export function answer(members: Reply): TransportAnswer {
  return { status: 200, text: JSON.stringify({ message: '', codeDesc: '', canRetry: 0, ...members }) }
}

/**
 * The upload protocol in memory, as a transport: checks every signature, keeps parts and files. `script` comes first: what
 * it returns is answered instead, what it throws is a connection that broke, `undefined` lets the call through.
 */
export function memoryService(
  script: (call: MetCall, nth: number) => TransportAnswer | Promise<TransportAnswer> | undefined = () => undefined,
  clock = () => now,
) {
  const calls: MetCall[] = []
  const sessions = new Map<string, Session>()
  const files = new Map<string, { fileId: string; bytes: Uint8Array }>()
  /** By SHA-1 and video. */
  const covers: typeof files = new Map()
  const finishedAs = (fileSha: string, coverOf: string | undefined) =>
    coverOf === undefined ? files.get(fileSha) : covers.get(`${fileSha} ${coverOf}`)

  const transport: Transport = async ({ url, body = new Uint8Array(), signal }) => {
    signal.throwIfAborted()
    const call = read(url, body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : body)
    calls.push(call)
    return (await script(call, calls.length - 1)) ?? answer(refusal(url, call, clock()) ?? act(call))
  }

  function act(call: MetCall): Reply {
    const { action, params, body } = call
    const fileSha = params.get('fileSha') ?? ''
    const coverOf = coverOfCall(call)
    if (coverOf !== undefined && [...files.values()].every(({ fileId }) => fileId !== coverOf)) return refused(-10003)
    if (action === 'SmallFileUpload') return storeSmall(fileSha, coverOf, params, body)
    if (action.startsWith('InitUpload')) {
      return init(fileSha, coverOf, number(params, 'fileSize'), number(params, 'dataSize'))
    }
    const session = sessions.get(fileSha)
    if (action.startsWith('UploadPart')) return session ? store(session, params, body) : refused(-10005)
    return finish(fileSha, session)
  }

  function init(fileSha: string, coverOf: string | undefined, fileSize: number, dataSize: number): Reply {
    const file = finishedAs(fileSha, coverOf)
    if (file) return { code: 2, fileId: file.fileId, url: `http://media.test/${file.fileId}` }
    const session: Session = sessions.get(fileSha) ?? { fileSize, dataSize, parts: new Map() }
    session.coverOf = coverOf
    sessions.set(fileSha, session)
    if (session.parts.size === 0) {
      session.dataSize = dataSize
      return { code: 0, dataSize }
    }
    const stored = [...session.parts].map(([offset, bytes]) => ({
      offset,
      dataSize: bytes.length,
      dataMd5: hex('md5', bytes),
    }))
    return {
      code: 1,
      dataSize: session.dataSize,
      listParts: listParts(
        session,
        stored.sort((a, b) => a.offset - b.offset),
      ),
    }
  }

  function store(session: Session, params: MetCall['params'], body: Uint8Array): Reply {
    const range = [...partRanges(session)].find(({ offset }) => offset === number(params, 'offset'))
    if (range?.dataSize !== number(params, 'dataSize')) return refused(-10003)
    if (body.length !== range.dataSize || hex('md5', body) !== params.get('dataMd5')) return refused(-10006, 1)
    session.parts.set(range.offset, new Uint8Array(body))
    return { code: 0 }
  }

  function finish(fileSha: string, session: Session | undefined): Reply {
    if (!session) return refused(-10005)
    const before = finishedAs(fileSha, session.coverOf)
    if (before)
      return { code: 0, fileId: before.fileId, url: `http://media.test/${before.fileId}`, verify_content: 'proof' }
    const missing = [...partRanges(session)].find(({ offset }) => !session.parts.has(offset))
    if (missing) return { ...refused(-10005), offset: missing.offset }
    const bytes = Buffer.concat([...partRanges(session)].map(({ offset }) => session.parts.get(offset) ?? Buffer.of()))
    if (hex('sha1', bytes) !== fileSha) return refused(-10006)
    return { ...keep(fileSha, session.coverOf, bytes), verify_content: 'proof' }
  }

  function storeSmall(
    fileSha: string,
    coverOf: string | undefined,
    params: MetCall['params'],
    body: Uint8Array,
  ): Reply {
    const sizes = [number(params, 'fileSize'), number(params, 'dataSize')]
    if (sizes.some((size) => size !== body.length || size > 1_048_576)) return refused(-10003)
    if (hex('sha1', body) !== fileSha || hex('md5', body) !== params.get('dataMd5')) return refused(-10006)
    return keep(fileSha, coverOf, new Uint8Array(body))
  }

  function keep(fileSha: string, coverOf: string | undefined, bytes: Uint8Array): Reply {
    const fileId = finishedAs(fileSha, coverOf)?.fileId ?? `5${String(files.size + covers.size).padStart(18, '0')}`
    if (coverOf === undefined) files.set(fileSha, { fileId, bytes })
    else covers.set(`${fileSha} ${coverOf}`, { fileId, bytes })
    return { code: 0, fileId, url: `http://media.test/${fileId}` }
  }

  return { transport, calls, sessions, files, covers, actions: () => calls.map((call) => call.action) }
}

function read(url: string, body: Uint8Array): MetCall {
  const query = new URL(url).search.slice(1)
  const params = readPairs(splitQuery(query), 'decoded')
  return { action: params.get('Action') as ActionName, query, params, body }
}

/** Why a call is refused before it is looked at. */
function refusal(url: string, call: MetCall, nowMs: number): Reply | undefined {
  try {
    return isSigned(url, call, nowMs) ? undefined : refused(-10002)
  } catch (error) {
    if (error instanceof ProtocolError) return { ...refused(error.code), codeDesc: error.codeDesc }
    throw error
  }
}

function isSigned(url: string, { action, query, params }: MetCall, nowMs: number): boolean {
  if (action.endsWith('Ex')) {
    const fileSha = params.get('fileSha')
    return (
      verifyUgc(parseUgc(params.get('Signature') ?? ''), secretKey, { nowS: nowMs / 1000, fileSha }).fileSha === fileSha
    )
  }
  const { host, pathname } = new URL(url)
  const received = { method: 'POST', hosts: [host], paths: [pathname], pairs: splitQuery(query) }
  return params.get('SecretId') === secretId && verifyServerSignature(received, secretKey) !== undefined
}

/** The video a call makes a cover of: said in the signature, or by the app itself. */
function coverOfCall({ action, params }: MetCall): string | undefined {
  if (!action.endsWith('Ex')) return params.get('extra.usage') === '1' ? params.get('extra.fileId') : undefined
  return parseUgc(params.get('Signature') ?? '').fields.get('coverOf')
}

function refused(code: number, canRetry = 0): Reply {
  return { code, canRetry, message: 'refused' }
}

function number(params: MetCall['params'], name: string): number {
  return Number(params.get(name))
}

export function hex(algorithm: 'md5' | 'sha1', bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}
