// Bytes that the page has, as a download with a name.
export function saveFile(bytes: Blob, name: string): void {
  const url = URL.createObjectURL(bytes)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser takes them over in its own time.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
