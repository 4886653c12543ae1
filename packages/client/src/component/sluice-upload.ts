import {
  type CommonOptions,
  type GetSignature,
  type PartSlots,
  partSlots,
  UploadError,
  type UploadResult,
  upload,
} from '../index.ts'
import { refusalOf } from './admission.ts'
import { AttributeElement } from './attributes.ts'
import type { SluiceUploadEvents } from './events.ts'
import { signAt } from './sign-at.ts'
import { languageOf, type Texts } from './texts.ts'
import { type Item, openUploadList, type Run, type UploadList } from './upload-list.ts'
import { createView, type View, type ViewSettings } from './view.ts'

/** Options of the SDK that the element does not set itself. */
export type ElementUploadOptions = Omit<CommonOptions, 'url' | 'signal' | 'onProgress' | 'parallel' | 'slots'>

/** `<sluice-upload>`: takes files in and uploads them. */
export class SluiceUpload extends AttributeElement {
  readonly #list: UploadList
  readonly #view: View
  #getSignature: GetSignature | undefined
  #texts: Partial<Texts> | undefined
  #uploadOptions: ElementUploadOptions = {}
  /** Shared by all its files; made anew when `parallel` is another. */
  #slots: PartSlots | undefined

  constructor() {
    super()
    this.#list = openUploadList({
      upload: (item, run) => this.#upload(item, run),
      onChange: (now, before) => this.#changed(now, before),
      parallelFiles: () => this.parallelFiles,
    })
    const { start, pause, remove, setCover } = this.#list
    const addFiles = (files: Iterable<File>) => this.addFiles(files)
    this.#view = createView(this, { addFiles, start, pause, remove, setCover }, this.#viewSettings())
  }

  /** Makes the signature for one file: what `sign-url` does, for pages that do it themselves. */
  get getSignature(): GetSignature | undefined {
    return this.#getSignature
  }
  set getSignature(value: GetSignature | undefined) {
    this.#getSignature = value
  }

  /** Texts to use in place of the element's own: some or all. */
  get texts(): Partial<Texts> | undefined {
    return this.#texts
  }
  set texts(value: Partial<Texts> | undefined) {
    this.#texts = value
    this.#update()
  }

  /** Further options of the SDK, for uploads that begin later. */
  get uploadOptions(): ElementUploadOptions {
    return this.#uploadOptions
  }
  set uploadOptions(value: ElementUploadOptions | undefined) {
    this.#uploadOptions = value ?? {}
  }

  /** The files of the list, as they are now. */
  get items(): readonly Item[] {
    return this.#list.items()
  }

  /** Adds files as if the user had dropped them. One that is in the list already goes on, if it was stopped. */
  addFiles(files: Iterable<File>): void {
    const all = [...files]
    const next = all.find((file) => !refusalOf(file, this))
    if (!this.multiple && next && !this.#find(next)) this.clear()
    for (const file of all) this.#add(file)
  }

  /** Starts a file, goes on with it or tries it again; without `id` all. */
  start(id?: number): void {
    this.#list.start(id)
  }

  /** Pauses a file; without `id` all. */
  pause(id?: number): void {
    this.#list.pause(id)
  }

  /** Gives a file a cover, also when it is uploaded already. */
  setCover(id: number, cover: File): void {
    this.#list.setCover(id, cover)
  }

  /** Takes a file out of the list and stops its upload. What the service has of it, it keeps. */
  removeFile(id: number): void {
    this.#list.remove(id)
  }

  /** Takes all files out of the list. */
  clear(): void {
    for (const { id } of this.items) this.#list.remove(id)
  }

  override focus(options?: FocusOptions): void {
    this.#view.focus(options)
  }

  connectedCallback(): void {
    this.#takeOver()
    this.#update()
    this.#list.wake()
  }

  /** Moved within the page it is back at once, and nothing stops. */
  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return
      this.#list.suspend()
      this.#guardLeaving()
    })
  }

  attributeChangedCallback(name: string): void {
    if (name === 'parallel') this.#slots = undefined
    this.#update()
  }

  #add(file: File): void {
    const same = this.#find(file)
    if (same && same.state.is !== 'refused') {
      this.#list.start(same.id)
      return
    }
    if (same) this.#list.remove(same.id)
    const taken = this.items.filter(({ state }) => state.is !== 'refused').length
    const reason = refusalOf(file, this) ?? (taken < this.maxFiles ? undefined : 'count')
    if (reason) this.#list.refuse(file, reason)
    else this.#list.add(file, { start: !this.manual })
  }

  #find({ name, size, lastModified }: File): Item | undefined {
    return this.items.find(({ file }) => file.name === name && file.size === size && file.lastModified === lastModified)
  }

  async #upload(item: Item, run: Run): Promise<UploadResult> {
    const getSignature = this.#getSignature ?? (this.signUrl === '' ? undefined : signAt(this.signUrl))
    if (!getSignature) throw UploadError.local('argument', 'the element needs sign-url or getSignature')
    const { parallel } = this
    this.#slots ??= partSlots(parallel)
    return upload(item.file, {
      ...(this.workerUrl !== '' && { workerUrl: new URL(this.workerUrl, document.baseURI) }),
      ...this.#uploadOptions,
      ...(item.cover && { cover: item.cover }),
      ...run,
      parallel,
      slots: this.#slots,
      url: this.url,
      getSignature,
    })
  }

  #changed(now: Item | undefined, before: Item | undefined): void {
    this.#view.show(now, before)
    this.#guardLeaving()
    if (now) this.#tellOf(now, before)
    else if (before) this.#tell('sluice-removed', { id: before.id, file: before.file })
  }

  #tellOf({ id, file, state, progress, result }: Item, before: Item | undefined): void {
    if (!before && state.is !== 'refused') this.#tell('sluice-added', { id, file })
    if (progress && progress !== before?.progress) this.#tell('sluice-progress', { id, file, progress })
    if (state === before?.state) return
    if (state.is === 'done' && result) this.#tell('sluice-uploaded', { id, file, ...result })
    if (state.is === 'failed') {
      const { error } = state
      const stored = error instanceof UploadError && error.stored
      if (stored) this.#tell('sluice-uploaded', { id, file, ...stored })
      this.#tell('sluice-error', { id, file, reason: 'failed', error })
    }
    if (state.is === 'refused') this.#tell('sluice-error', { id, file, reason: state.reason })
  }

  #tell<K extends keyof SluiceUploadEvents>(type: K, detail: SluiceUploadEvents[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }))
  }

  /** The listener is there only while it is needed: pages that have one are not kept for going back. */
  #guardLeaving(): void {
    const isBusy = this.items.some(({ state }) => state.is === 'waiting' || state.is === 'running')
    if (isBusy && this.warnOnLeave && this.isConnected) addEventListener('beforeunload', this.#askBeforeLeaving)
    else removeEventListener('beforeunload', this.#askBeforeLeaving)
  }

  /** Each element has its own: two of them are two listeners. */
  readonly #askBeforeLeaving = (event: BeforeUnloadEvent): void => event.preventDefault()

  #update(): void {
    this.#view.update(this.#viewSettings())
    this.#guardLeaving()
  }

  #viewSettings(): ViewSettings {
    const { accept, multiple, disabled, covers, maxSize, maxFiles } = this
    const language = languageOf(langOf(this), this.#texts)
    return { accept, multiple, disabled, covers, language, limits: { maxSize, maxFiles } }
  }

  /** What a page had set before the element was defined hides the properties of the same names. */
  #takeOver(): void {
    for (const [name, value] of Object.entries(this)) {
      if (!(name in SluiceUpload.prototype)) continue
      Reflect.deleteProperty(this, name)
      Object.assign(this, { [name]: value })
    }
  }
}

/** The language an element is in, also within another's shadow. */
function langOf(element: Element): string {
  const near = element.closest('[lang]')
  if (near) return near.getAttribute('lang') ?? ''
  const root = element.getRootNode()
  return root instanceof ShadowRoot ? langOf(root.host) : ''
}
