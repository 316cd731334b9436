// `attachment`, with the name in both forms of RFC 6266, so that a browser saves a file and never shows it on our origin.

export function attachment(filename: string): string {
  const plain = filename.replace(/[^\x20-\x7e]/g, '_').replace(/["\\%]/g, '_')
  // RFC 8187 attr-char: encodeURIComponent leaves four characters too many.
  const full = encodeURIComponent(filename.replace(/\p{Surrogate}/gu, '_')).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${full}`
}
