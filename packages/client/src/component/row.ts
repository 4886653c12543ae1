import { type IconName, icon } from './icons.ts'
import { make, offer, setAttribute, setText } from './make.ts'
import { type StatusLimits, statusOf } from './status.ts'
import type { Language, Texts } from './texts.ts'
import type { Item } from './upload-list.ts'

/** What the buttons of a row do. */
export interface RowActions {
  start(id: number): void
  pause(id: number): void
  remove(id: number): void
  chooseCover(id: number): void
}

export interface RowSettings {
  readonly language: Language
  readonly limits: StatusLimits
  /** Whether covers can be chosen. */
  readonly covers: boolean
}

/** One file of the list. */
export interface Row {
  readonly element: HTMLLIElement
  show(item: Item, settings: RowSettings): void
  focus(): void
}

/** What the one button that changes does in each state, if anything. */
const toggles = {
  waiting: ['pause', 'pause'],
  running: ['pause', 'pause'],
  paused: ['resume', 'start'],
  failed: ['retry', 'retry'],
  refused: undefined,
  done: undefined,
} as const satisfies Record<Item['state']['is'], readonly [keyof Texts, IconName] | undefined>

/** Characters of a name that stay when it is too long for its line: its end tells files apart. */
const tailChars = 9

export function createRow(id: number, { name }: File, actions: RowActions): Row {
  const tile = make('span', { class: 'tile', part: 'tile', 'aria-hidden': 'true' }, extensionOf(name))
  const [head, tail] = [name.slice(0, -tailChars), name.slice(-tailChars)]
  const title = make(
    'span',
    { class: 'name', part: 'name', title: name },
    make('span', { class: 'head' }, head),
    make('span', {}, tail),
  )
  const hashed = make('span', { class: 'hashed' })
  const sent = make('span', { class: 'sent', part: 'bar-fill' })
  const bar = make(
    'div',
    { class: 'bar', part: 'bar', role: 'progressbar', 'aria-valuemin': '0', 'aria-valuemax': '100' },
    hashed,
    sent,
  )
  const mark = make('span', { class: 'mark' })
  const text = make('span', {})
  const aside = make('span', { class: 'aside' })
  const status = make('div', { class: 'status', part: 'status' }, make('span', { class: 'text' }, mark, text), aside)

  const cover = button('cover', () => actions.chooseCover(id))
  const toggle = button('pause', () => (toggle.dataset['does'] === 'pause' ? actions.pause(id) : actions.start(id)))
  const remove = button('remove', () => actions.remove(id))
  const element = make('li', {}, tile, title, bar, status, make('div', { class: 'actions' }, cover, toggle, remove))
  let shownCover: File | undefined
  let shownTone = ''

  return {
    element,
    focus: () => remove.focus(),
    show(item, { language, limits, covers }) {
      const { state, progress } = item
      setAttribute(element, 'part', `file ${state.is}`)
      setAttribute(element, 'class', state.is)

      const is = statusOf(item, language, limits)
      setText(text, is.text)
      setText(aside, is.aside)
      if (is.tone !== shownTone) mark.replaceChildren(...(is.tone === 'plain' ? [] : [icon(is.tone)]))
      shownTone = is.tone

      const { hashedShare, sentShare } = sharesOf(item)
      hashed.style.scale = `${hashedShare} 1`
      sent.style.scale = `${sentShare} 1`
      setAttribute(bar, 'aria-label', language.say('progress', { name }))
      setAttribute(bar, 'aria-valuenow', String(Math.floor(sentShare * 100)))
      setAttribute(bar, 'aria-valuetext', is.text)
      bar.classList.toggle('hidden', state.is === 'refused' || state.is === 'done')

      const does = toggles[state.is]
      offer(toggle, does !== undefined)
      if (does) {
        const [what, image] = state.is === 'paused' && !progress ? (['start', 'start'] as const) : does
        label(toggle, language.say(what, { name }))
        if (toggle.dataset['does'] !== image) toggle.replaceChildren(icon(image))
        toggle.dataset['does'] = image
      }
      cover.hidden = !covers || state.is === 'refused'
      label(cover, language.say('cover', { name }))
      label(remove, language.say('remove', { name }))
      if (item.cover && item.cover !== shownCover) void drawCover(tile, item.cover)
      shownCover = item.cover
    },
  }
}

function button(image: IconName, act: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', part: 'button', 'data-does': image }, icon(image))
  made.addEventListener('click', act)
  return made
}

function label(element: HTMLElement, text: string): void {
  setAttribute(element, 'aria-label', text)
  setAttribute(element, 'title', text)
}

/** How far the two bars are, 0 to 1. */
function sharesOf({ state, progress }: Item): { hashedShare: number; sentShare: number } {
  if (state.is === 'done') return { hashedShare: 1, sentShare: 1 }
  if (!progress) return { hashedShare: 0, sentShare: 0 }
  const { hashedBytes, sentBytes, acknowledgedBytes, totalBytes } = progress
  const sent = state.is === 'running' ? sentBytes : acknowledgedBytes
  return { hashedShare: hashedBytes / totalBytes, sentShare: sent / totalBytes }
}

function extensionOf(name: string): string {
  return /\.([A-Za-z0-9]{1,5})$/.exec(name)?.[1]?.toUpperCase() ?? ''
}

/** Draws an image into the tile: unlike an `img` with a `blob:` address no content security policy forbids it. */
async function drawCover(tile: HTMLElement, file: File): Promise<void> {
  try {
    const image = await createImageBitmap(file)
    const [width, height] = [160, 90]
    const canvas = make('canvas', { width: String(width), height: String(height) })
    const scale = Math.max(width / image.width, height / image.height)
    const [w, h] = [image.width * scale, image.height * scale]
    canvas.getContext('2d')?.drawImage(image, (width - w) / 2, (height - h) / 2, w, h)
    tile.replaceChildren(canvas)
  } catch {
    // What the browser cannot draw may be an image for others: the service decides.
  }
}
