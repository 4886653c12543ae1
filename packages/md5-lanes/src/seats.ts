import type { LaneMessage } from './message.ts'
import { swiftLanes, type Width } from './width.ts'

/** The lane of a message for one pass. */
export interface Seat {
  readonly lane: number
  readonly message: LaneMessage
  /** Blocks it takes a turn. */
  readonly speed: 1 | 2
  /** For how many turns it may sit there. */
  readonly turns: number
}

/**
 * Seats messages in the lanes of a kernel, no more of them than it has. All would be through after `even` turns if swift
 * lanes were shared out well: so one goes to who has more blocks than that, for as many turns as it has more.
 */
export function seat(messages: readonly LaneMessage[], width: Width): Seat[] {
  const swift = swiftLanes(width)
  const even = messages.reduce((blocks, { blocksReady }) => blocks + blocksReady, 0) / (messages.length + swift)
  const swiftly = longest(messages, swift).filter(({ blocksReady }) => blocksReady - even >= 1)
  const others = messages.filter((message) => !swiftly.includes(message)).slice(0, width - swift)
  return [
    ...others.map((message, lane) => ({ lane, message, speed: 1 as const, turns: message.blocksReady })),
    ...swiftly.map((message, index) => {
      const turns = Math.floor(Math.min(message.blocksReady / 2, message.blocksReady - even))
      return { lane: width - swift + index, message, speed: 2 as const, turns }
    }),
  ]
}

function longest(messages: readonly LaneMessage[], count: number): LaneMessage[] {
  return count === 0 ? [] : messages.toSorted((x, y) => y.blocksReady - x.blocksReady).slice(0, count)
}
