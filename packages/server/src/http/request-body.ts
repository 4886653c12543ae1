import type { IncomingMessage } from 'node:http'
import { freeChunk } from '../engine/free-chunk.ts'
import type { Incoming, Sink } from './incoming.ts'

/** A body as node:http delivers it. */
export class RequestBody implements Incoming {
  readonly #request: IncomingMessage

  constructor(request: IncomingMessage) {
    this.#request = request
  }

  get announced(): number | undefined {
    const length = this.#request.headers['content-length']
    return length === undefined ? undefined : Number(length)
  }

  get isOver(): boolean {
    return this.#request.complete && this.#request.readableLength === 0
  }

  onHangUp(listener: () => void): void {
    this.#request.once('close', () => {
      if (!this.#request.complete) listener()
    })
  }

  flow(sink: Sink): () => void {
    const request = this.#request
    let spent: Buffer | undefined // freed when its turn is over: until then the HTTP parser may still stand in it
    const onData = (chunk: Buffer) => {
      sink.data(chunk)
      if (spent) freeChunk(spent)
      if (!sink.keeps) spent = chunk
    }
    const onEnd = () => {
      if (spent) freeChunk(spent)
      stop()
      sink.end()
    }
    const stop = () => {
      request.off('data', onData).off('end', onEnd).pause()
    }
    if (request.readableEnded) sink.end()
    else request.on('data', onData).on('end', onEnd).resume()
    return stop
  }
}
