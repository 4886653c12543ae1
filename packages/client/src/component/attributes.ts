/** Node, where pages are rendered on a server, has no such class; there nothing is ever made of it. */
const ElementBase = globalThis.HTMLElement ?? (class {} as typeof HTMLElement)

/** The attributes of the element, as properties. A property that is set sets its attribute. */
export class AttributeElement extends ElementBase {
  static readonly observedAttributes: readonly string[] = [
    'accept',
    'covers',
    'disabled',
    'lang',
    'max-files',
    'max-size',
    'multiple',
    'parallel',
    'warn-on-leave',
  ]

  /** Where the service is. */
  get url(): string {
    return this.getAttribute('url') ?? ''
  }
  set url(value: string | null | undefined) {
    this.#set('url', value)
  }

  /** An address of the app's backend, which is posted the facts of a file as JSON and answers its signature as text. */
  get signUrl(): string {
    return this.getAttribute('sign-url') ?? ''
  }
  set signUrl(value: string | null | undefined) {
    this.#set('sign-url', value)
  }

  /** Where the page serves `@sluice/client/worker`, for a content security policy that forbids workers from `blob:`. */
  get workerUrl(): string {
    return this.getAttribute('worker-url') ?? ''
  }
  set workerUrl(value: string | null | undefined) {
    this.#set('worker-url', value)
  }

  /** What may be uploaded, as of an input: extensions and media types. Default `video/*`; `""` is anything. */
  get accept(): string {
    return this.getAttribute('accept') ?? 'video/*'
  }
  set accept(value: string | null | undefined) {
    this.#set('accept', value)
  }

  /** Whether there may be more than one file. Without it a new one takes the place of the old one. */
  get multiple(): boolean {
    return this.hasAttribute('multiple')
  }
  set multiple(value: boolean) {
    this.toggleAttribute('multiple', value)
  }

  /** Whether no files can be added. What is under way goes on. */
  get disabled(): boolean {
    return this.hasAttribute('disabled')
  }
  set disabled(value: boolean) {
    this.toggleAttribute('disabled', value)
  }

  /** Whether files wait until they are started. */
  get manual(): boolean {
    return this.hasAttribute('manual')
  }
  set manual(value: boolean) {
    this.toggleAttribute('manual', value)
  }

  /** Whether the user may choose a cover for each file. */
  get covers(): boolean {
    return this.hasAttribute('covers')
  }
  set covers(value: boolean) {
    this.toggleAttribute('covers', value)
  }

  /** Whether the browser asks before the page is left while something is under way. */
  get warnOnLeave(): boolean {
    return this.hasAttribute('warn-on-leave')
  }
  set warnOnLeave(value: boolean) {
    this.toggleAttribute('warn-on-leave', value)
  }

  /** The most parts of all files together under way at a time, up to 100. Default 6. */
  get parallel(): number {
    return this.#whole('parallel', 6)
  }
  set parallel(value: number | null | undefined) {
    this.#set('parallel', value)
  }

  /** The most files under way at a time. Default 2: one is hashed while another is sent. */
  get parallelFiles(): number {
    return this.#whole('parallel-files', 2)
  }
  set parallelFiles(value: number | null | undefined) {
    this.#set('parallel-files', value)
  }

  /** The most files, 1 without `multiple`. Default as many as come. */
  get maxFiles(): number {
    return this.multiple ? this.#whole('max-files', Infinity) : 1
  }
  set maxFiles(value: number | null | undefined) {
    this.#set('max-files', value)
  }

  /** The most bytes of a file. Default any. */
  get maxSize(): number {
    return this.#whole('max-size', Infinity)
  }
  set maxSize(value: number | null | undefined) {
    this.#set('max-size', value)
  }

  #set(name: string, value: string | number | null | undefined): void {
    if (value === null || value === undefined) this.removeAttribute(name)
    else this.setAttribute(name, String(value))
  }

  /** As HTML does, what cannot be read counts as not given. */
  #whole(name: string, otherwise: number): number {
    const text = this.getAttribute(name)?.trim() ?? ''
    return /^[1-9]\d*$/.test(text) ? Number(text) : otherwise
  }
}
