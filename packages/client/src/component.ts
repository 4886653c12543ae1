/** Defines `<sluice-upload>`. Where there is no DOM it does nothing, so pages can be rendered on a server. */
import type { SluiceUploadEvents } from './component/events.ts'
import { SluiceUpload } from './component/sluice-upload.ts'

export type { Refusal } from './component/admission.ts'
export type {
  ErrorDetail,
  FileDetail,
  ProgressDetail,
  SluiceUploadEvents,
  UploadedDetail,
} from './component/events.ts'
export { type ElementUploadOptions, SluiceUpload } from './component/sluice-upload.ts'
export type { Texts } from './component/texts.ts'
export type { Item, ItemState } from './component/upload-list.ts'

declare global {
  interface HTMLElementTagNameMap {
    'sluice-upload': SluiceUpload
  }
  interface HTMLElementEventMap extends SluiceUploadEvents {}
}

// Loaded twice, by two scripts or in two versions, the first one stays.
if (globalThis.customElements && !customElements.get('sluice-upload')) {
  customElements.define('sluice-upload', SluiceUpload)
}
