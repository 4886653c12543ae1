/** How a check came out. Only `failed` makes the command fail. */
export type State = 'ok' | 'warning' | 'failed' | 'skipped'

/** What a check found, and what to do about it. */
export interface Verdict {
  readonly state: State
  /** One line: what is so, with the figures. */
  readonly finding: string
  /** What to do; only with a warning or a failure. */
  readonly remedy?: string
}

/** A verdict with the name of its check. */
export interface Finding extends Verdict {
  readonly check: string
}

export const ok = (finding: string): Verdict => ({ state: 'ok', finding })
export const warning = (finding: string, remedy: string): Verdict => ({ state: 'warning', finding, remedy })
export const failed = (finding: string, remedy: string): Verdict => ({ state: 'failed', finding, remedy })
export const skipped = (finding: string): Verdict => ({ state: 'skipped', finding })
