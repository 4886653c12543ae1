import type { UploadedDetail } from '@sluice/client/component'
import { useCallback, useEffect, useState } from 'react'
import type { Backend, Video } from './backend.ts'
import { VideoUpload } from './video-upload.tsx'

export function App({ backend, serviceUrl }: { backend: Backend; serviceUrl: string }) {
  const [videos, setVideos] = useState<readonly Video[]>([])

  useEffect(() => {
    let isCurrent = true
    void backend.videos().then((all) => isCurrent && setVideos(all))
    return () => {
      isCurrent = false
    }
  }, [backend])

  const onUploaded = useCallback(
    async ({ fileId, url, file, verifyContent }: UploadedDetail) => {
      if (verifyContent !== undefined) await backend.claim(fileId, verifyContent)
      setVideos((before) => [...before.filter((video) => video.fileId !== fileId), { fileId, url, name: file.name }])
    },
    [backend],
  )

  return (
    <main style={{ maxWidth: '40rem', margin: '2rem auto', fontFamily: 'system-ui, sans-serif' }}>
      <h1>Your videos</h1>
      <VideoUpload url={serviceUrl} getSignature={backend.sign} onUploaded={onUploaded} />
      <ul>
        {videos.map(({ fileId, name, url }) => (
          <li key={fileId}>
            <a href={url}>{name}</a>
          </li>
        ))}
      </ul>
    </main>
  )
}
