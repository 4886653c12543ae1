/** The client's parts for Node: a file as a source, hashing with node:crypto, a transport over node:http. */
export { FileSource, openFile } from './node/file-source.ts'
export { type HttpTransportOptions, httpTransport } from './node/http-transport.ts'
export { nodeHashing } from './node/node-hashing.ts'
