// What was dropped, as files: those in dropped folders too, but nothing hidden.
export async function droppedFiles(data: DataTransfer): Promise<readonly File[]> {
  // Entries must be taken before the event is over.
  const entries = Array.from(data.items).map((item) => item.webkitGetAsEntry())
  if (!entries.some((entry) => entry?.isDirectory)) return Array.from(data.files)
  const found: File[] = []
  for (const entry of entries) if (entry) await collect(entry, found)
  return found
}

async function collect(entry: FileSystemEntry, found: File[]): Promise<void> {
  if (entry.name.startsWith('.')) return
  if (entry.isFile) {
    found.push(await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject)))
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A hundred at a time, until there are none.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const each of some) await collect(each, found)
  }
}
