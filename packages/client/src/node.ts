/** The client's parts for Node: a file as a source, and hashing with node:crypto. */
export { FileSource, openFile } from './node/file-source.ts'
export { nodeHashing } from './node/node-hashing.ts'
