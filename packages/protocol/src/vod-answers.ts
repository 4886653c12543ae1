/** The members every answer of the management API has; application code asks for `codeDesc` "Success". */
export interface VodEnvelope {
  /** 0 done, positive failed. */
  readonly code: number
  readonly message: string
  readonly codeDesc: string
}

/** A successful envelope with its members. */
export function vodSuccess<Members extends object>(members: Members): VodEnvelope & Members {
  return { code: 0, message: '', codeDesc: 'Success', ...members }
}

/** What PullEvent answers. */
export interface PullAnswer extends VodEnvelope {
  /** The oldest first; empty when there were none in the time a call is held. */
  readonly eventList: readonly { readonly msgHandle: string; readonly eventContent: object }[]
}
