/** How many messages a kernel takes at once. */
export type Width = 1 | 2 | 3 | 4 | 8 | 10 | 12

/** How many of a kernel's lanes, its last ones, take two blocks while the others take one. */
export function swiftLanes(width: Width): number {
  return width === 10 ? 2 : 0
}
