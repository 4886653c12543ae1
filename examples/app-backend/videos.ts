/** A video as its owner is shown it. */
export interface Video {
  readonly fileId: string
  readonly name: string
  /** Where it is played from. */
  readonly url: string
  /** Bytes. */
  readonly size: number
}

interface Row {
  /** The same bytes are one file, whoever uploads them. */
  readonly owners?: readonly string[]
  readonly file?: Omit<Video, 'fileId'>
  readonly isDeleted?: boolean
}

/**
 * What is known of videos: in memory, where yours is in a database. A user's claim and the event that the file is finished
 * come in any order, and either may come twice; a deleted video stays so, whatever comes late.
 */
export class Videos {
  readonly #rows = new Map<string, Row>()

  claimed(fileId: string, owner: string): void {
    this.#put(fileId, { owners: [...new Set([...(this.#rows.get(fileId)?.owners ?? []), owner])] })
  }

  isOwner(fileId: string, user: string): boolean {
    return this.#rows.get(fileId)?.owners?.includes(user) ?? false
  }

  finished(fileId: string, file: Omit<Video, 'fileId'>): void {
    this.#put(fileId, { file })
  }

  deleted(fileId: string): void {
    this.#put(fileId, { isDeleted: true })
  }

  /** The finished videos of a user, the oldest first. */
  of(user: string): Video[] {
    return [...this.#rows].flatMap(([fileId, { owners, file, isDeleted }]) =>
      owners?.includes(user) && file && !isDeleted ? [{ fileId, ...file }] : [],
    )
  }

  #put(fileId: string, change: Row): void {
    this.#rows.set(fileId, { ...this.#rows.get(fileId), ...change })
  }
}
