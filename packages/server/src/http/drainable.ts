import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Watches a server, which does not listen yet, so that it can end with its last call. Node.js alone closes the idle
 * connections once, when it is told to: one that became idle later, or never called, would be waited for.
 *
 * The result stops listening, lets calls under way end, and cuts off what takes longer than `timeoutMs`.
 */
export function drainable(server: Server): (timeoutMs: number) => Promise<void> {
  const underWay = new Map<Socket, Set<ServerResponse>>()
  let isDraining = false
  let onLast = () => {}
  server.on('connection', (socket) => {
    underWay.set(socket, new Set())
    socket.once('close', () => {
      underWay.delete(socket)
      if (underWay.size === 0) onLast()
    })
  })
  server.prependListener('request', ({ socket }, response) => {
    const responses = underWay.get(socket)
    responses?.add(response)
    if (isDraining) response.setHeader('Connection', 'close')
    response.once('close', () => {
      responses?.delete(response)
      if (isDraining && responses?.size === 0) socket.destroySoon()
    })
  })

  return async (timeoutMs) => {
    isDraining = true
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    const last = new Promise<void>((resolve) => {
      onLast = resolve
      if (underWay.size === 0) resolve()
    })
    for (const [socket, responses] of underWay) {
      const last = [...responses].at(-1)
      if (!last) socket.destroySoon()
      else if (!last.headersSent) last.setHeader('Connection', 'close')
    }
    const timeout = setTimeout(() => server.closeAllConnections(), timeoutMs)
    await Promise.all([closed, last]) // the server counts no connection that was given another socket
    clearTimeout(timeout)
  }
}
