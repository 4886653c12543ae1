import { inputAccept } from './admission.ts'
import { announcementOf, type News } from './announcement.ts'
import { listenForFiles } from './drops.ts'
import { icon } from './icons.ts'
import { make, offer, setText } from './make.ts'
import { createRow, type Row, type RowSettings } from './row.ts'
import { statusOf } from './status.ts'
import { styleSheet } from './styles.ts'
import type { Item } from './upload-list.ts'

/** Progress is shown so often, at most: more could not be read. */
const showEveryMs = 200
/** What happens within this time a screen reader is told together. */
const gatherNewsMs = 400

export interface ViewActions {
  addFiles(files: Iterable<File>): void
  start(id?: number): void
  pause(id?: number): void
  remove(id: number): void
  setCover(id: number, cover: File): void
}

export interface ViewSettings extends RowSettings {
  readonly accept: string
  readonly multiple: boolean
  readonly disabled: boolean
}

/** What is seen and heard of a list. */
export interface View {
  /** The settings are others: all is shown anew. */
  update(settings: ViewSettings): void
  /** An item changed, is new, or was removed. */
  show(now: Item | undefined, before: Item | undefined): void
  focus(options?: FocusOptions): void
}

export function createView(host: HTMLElement, actions: ViewActions, settings: ViewSettings): View {
  const root = host.attachShadow({ mode: 'open' })
  root.adoptedStyleSheets = [styleSheet()]

  const [drop, choose, hint] = [make('strong'), make('span', { class: 'choose' }), make('span', { class: 'hint' })]
  const zone = make(
    'button',
    { type: 'button', class: 'zone', part: 'dropzone' },
    make('span', { class: 'badge' }, icon('upload')),
    make('span', { class: 'lines' }, slot('label', drop, choose), slot('hint', hint)),
  )
  const input = make('input', { type: 'file', hidden: '' })
  const coverInput = make('input', { type: 'file', accept: 'image/*', hidden: '' })
  const summary = make('span', { part: 'summary' })
  const all = make('button', { type: 'button', part: 'button', class: 'text-button' })
  const head = make('div', { class: 'head-line' }, summary, all)
  const list = make('ul', { part: 'list', role: 'list' })
  const news = make('div', { role: 'status', class: 'unseen' })
  root.append(zone, input, coverInput, head, list, news)

  const items = new Map<number, Item>()
  const rows = new Map<number, Row>()
  const stale = new Set<number>()
  const gathered: News[] = []
  let coverOf = 0

  const rowActions = {
    ...actions,
    chooseCover(id: number) {
      coverOf = id
      coverInput.click()
    },
  }

  zone.addEventListener('click', () => input.click())
  input.addEventListener('change', () => {
    actions.addFiles(taken(input))
  })
  coverInput.addEventListener('change', () => {
    const [cover] = taken(coverInput)
    if (cover) actions.setCover(coverOf, cover)
  })
  all.addEventListener('click', () => (canPause() ? actions.pause() : actions.start()))
  listenForFiles(host, {
    isEnabled: () => !settings.disabled,
    onOver(isOver) {
      zone.classList.toggle('over', isOver)
      nameZone()
    },
    onFiles: actions.addFiles,
  })

  const states = () => [...items.values()].map(({ state }) => state.is)
  const canPause = () => states().some((is) => is === 'waiting' || is === 'running')

  function nameZone(): void {
    const { language, multiple, limits } = settings
    const isOver = zone.classList.contains('over')
    setText(drop, language.say(isOver ? 'dropNow' : multiple ? 'dropMany' : 'dropOne'))
    setText(choose, language.say('choose'))
    const isLimited = Number.isFinite(limits.maxSize)
    setText(hint, isLimited ? language.say('limit', { size: language.bytes(limits.maxSize) }) : '')
  }

  function showHead(): void {
    const { say } = settings.language
    const counted = states().filter((is) => is !== 'refused')
    const done = counted.filter((is) => is === 'done').length
    head.hidden = items.size < 2
    setText(summary, say('summary', { done, total: counted.length }))
    setText(all, say(canPause() ? 'pauseAll' : 'resumeAll'))
    offer(all, canPause() || states().some((is) => is === 'paused' || is === 'failed'))
  }

  function showRow(id: number): void {
    const item = items.get(id)
    if (item) rows.get(id)?.show(item, settings)
  }

  function showStale(): void {
    for (const id of stale) showRow(id)
    stale.clear()
  }

  function tell(item: News): void {
    gathered.push(item)
    if (gathered.length > 1) return
    setTimeout(() => setText(news, announcementOf(gathered.splice(0), settings.language)), gatherNewsMs)
  }

  function tellOf(item: Item): void {
    const { state, file } = item
    const { name } = file
    if (state.is === 'done') tell({ what: 'uploaded', name })
    if (state.is !== 'failed' && state.is !== 'refused') return
    tell({ what: 'failed', name, reason: statusOf(item, settings.language, settings.limits).text })
  }

  function add(item: Item): void {
    const row = createRow(item.id, item.file, rowActions)
    rows.set(item.id, row)
    list.append(row.element)
    if (item.state.is !== 'refused') tell({ what: 'added', name: item.file.name })
  }

  function remove({ id, file }: Item): void {
    const element = rows.get(id)?.element
    const ids = [...rows.keys()]
    const at = ids.indexOf(id)
    const heir = rows.get(ids[at + 1] ?? ids[at - 1] ?? 0) ?? zone
    const hadFocus = element?.contains(root.activeElement)
    rows.delete(id)
    items.delete(id)
    element?.remove()
    if (hadFocus) heir.focus()
    tell({ what: 'removed', name: file.name })
  }

  return {
    update(next) {
      settings = next
      zone.disabled = next.disabled
      input.multiple = next.multiple
      input.accept = inputAccept(next.accept)
      list.setAttribute('aria-label', next.language.say('files'))
      nameZone()
      showHead()
      for (const id of items.keys()) showRow(id)
    },
    show(now, before) {
      if (!now) {
        if (before) remove(before)
        return showHead()
      }
      items.set(now.id, now)
      if (!before) add(now)
      if (before?.state === now.state && before.cover === now.cover) {
        if (stale.size === 0) setTimeout(showStale, showEveryMs)
        stale.add(now.id)
        return
      }
      showRow(now.id)
      showHead()
      if (before?.state !== now.state) tellOf(now)
    },
    focus: (options) => zone.focus(options),
  }
}

function slot(name: string, ...children: Node[]): HTMLSlotElement {
  return make('slot', { name }, ...children)
}

/** The files of an input, which is emptied: the same can be chosen again. */
function taken(input: HTMLInputElement): File[] {
  const files = [...(input.files ?? [])]
  input.value = ''
  return files
}
