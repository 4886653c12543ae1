import { type Backend, BackendError, createBackend } from '@sluice/backend'
import { type FoundService, findService } from './find-service.ts'

/** The management API of the service that a command is to call. Its errors say where the credentials were found. */
export async function openBackend(given: Parameters<typeof findService>[0]): Promise<Backend> {
  const found = await findService(given)
  const backend = createBackend({ url: found.url, ...found.credentials })
  return {
    ...backend,
    call: (action, params, options) =>
      backend.call(action, params, options).catch((error: unknown) => {
        throw explained(error, found)
      }),
  }
}

function explained(error: unknown, { url, urlFrom, credentialsFrom }: FoundService): unknown {
  if (!(error instanceof BackendError)) return error
  const hint =
    error.code === 4100
      ? `check the credentials (from ${credentialsFrom}), and that SLUICE_PUBLIC_HOSTS of the service, if set, names ${new URL(url).host}`
      : error.code === 'network' || error.code === 'answer' || error.code === 'http'
        ? `check that the service runs at ${url} (from ${urlFrom})`
        : undefined
  return hint === undefined ? error : new Error(`${error.message}; ${hint}`, { cause: error })
}
