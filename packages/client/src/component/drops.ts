export interface DropTarget {
  isEnabled(): boolean
  /** Files are being dragged over it, or no more. */
  onOver(isOver: boolean): void
  onFiles(files: File[]): void
}

/** Takes files that are dropped on an element, folders with all that is in them, or pasted while the focus is in it. */
export function listenForFiles(host: HTMLElement, { isEnabled, onOver, onFiles }: DropTarget): void {
  host.addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return
    // Also where nothing is taken: a browser would leave the page and open the file.
    event.preventDefault()
    event.dataTransfer.dropEffect = isEnabled() ? 'copy' : 'none'
    onOver(isEnabled())
  })
  host.addEventListener('dragleave', ({ relatedTarget }) => {
    if (!(relatedTarget instanceof Node && host.contains(relatedTarget))) onOver(false)
  })
  host.addEventListener('drop', (event) => {
    onOver(false)
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    if (isEnabled()) void filesOf(event.dataTransfer).then(onFiles)
  })
  host.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])]
    if (files.length === 0 || !isEnabled()) return
    event.preventDefault()
    onFiles(files)
  })
}

/** What is dropped can be asked for during the event alone, so all is asked before anything is waited for. */
async function filesOf({ items, files }: DataTransfer): Promise<File[]> {
  const plain = [...files]
  const entries = [...items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  if (!entries.some(({ isDirectory }) => isDirectory)) return plain
  return (await Promise.all(entries.map(filesIn))).flat()
}

async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (isFile(entry)) return [await new Promise<File>((resolve, reject) => entry.file(resolve, reject))]
  if (!isDirectory(entry)) return []
  const reader = entry.createReader()
  const found: File[] = []
  for (;;) {
    // It gives some at a time, and none when there are no more.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return found
    const visible = some.filter(({ name }) => !name.startsWith('.'))
    found.push(...(await Promise.all(visible.map(filesIn))).flat())
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
