/** Columns a text takes on a terminal: Chinese, Japanese and Korean characters take two, combining marks none. */
export function textWidth(text: string): number {
  let columns = 0
  for (const character of text) columns += cellsOf(character)
  return columns
}

/** Cuts a text at its beginning to fit, with `…` in the place of what is missing: of a path the end says most. */
export function keepEnd(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  const kept: string[] = []
  let room = columns - 1
  for (const character of Array.from(text).reverse()) {
    room -= cellsOf(character)
    if (room < 0) break
    kept.unshift(character)
  }
  return `…${kept.join('')}`
}

/** Cuts a text at its end to fit, with `…` in the place of what is missing. */
export function keepStart(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text
  let kept = ''
  let room = columns - 1
  for (const character of text) {
    room -= cellsOf(character)
    if (room < 0) break
    kept += character
  }
  return `${kept}…`
}

/** Fills a text with spaces up to so many columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)))
}

/** A text on one line: control characters, which a file name may hold, would move the cursor. */
export function onOneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, '�')
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

function cellsOf(character: string): number {
  if (/\p{Mn}/u.test(character)) return 0
  return wide.test(character) ? 2 : 1
}
