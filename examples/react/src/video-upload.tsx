import type { GetSignature } from '@sluice/client'
import '@sluice/client/component'
import type { SluiceUpload, SluiceUploadEvents, UploadedDetail } from '@sluice/client/component'
import type {} from 'react'

/** `<sluice-upload>` in JSX: React sets the properties it has, and listens for `on` and the name of an event. */
declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'sluice-upload': HTMLAttributes<SluiceUpload> &
        Partial<Pick<SluiceUpload, 'url' | 'accept' | 'multiple' | 'covers' | 'warnOnLeave' | 'getSignature'>> & {
          [K in keyof SluiceUploadEvents as `on${K}`]?: (event: SluiceUploadEvents[K]) => void
        } & { ref?: Ref<SluiceUpload> }
    }
  }
}

interface VideoUploadProps {
  /** Where Sluice is. */
  url: string
  getSignature: GetSignature
  onUploaded: (uploaded: UploadedDetail) => void
}

export function VideoUpload({ url, getSignature, onUploaded }: VideoUploadProps) {
  return (
    <sluice-upload
      url={url}
      getSignature={getSignature}
      multiple
      covers
      warnOnLeave
      onsluice-uploaded={({ detail }) => onUploaded(detail)}
    />
  )
}
