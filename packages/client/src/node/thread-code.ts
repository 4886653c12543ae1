/** What a hashing thread runs: in the workspace a file; the build puts it here as one script, which no bundler can lose. */
export const threadCode: URL | string = new URL('./thread.ts', import.meta.url)
