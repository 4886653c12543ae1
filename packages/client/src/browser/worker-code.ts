/** The worker as one script: the build puts it here. Without it the page hashes by itself. */
export const workerCode: string = ''
