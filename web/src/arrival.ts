// What a page knows before it asks anything: whether it came with a session, and where it may lead.
/** The server says in the page whether a session cookie came along, so that nobody has to ask in vain. */
export function cameSignedIn(): boolean {
  return document.querySelector<HTMLMetaElement>('meta[name="signed-in"]')?.content === 'yes'
}

/** Where to go after signing in: a path of ours, whatever a link says (S20). */
export function localPath(next: unknown): string {
  if (typeof next !== 'string' || !next.startsWith('/')) return '/dashboard'
  try {
    const url = new URL(next, location.origin)
    const plain = url.pathname + url.search + url.hash
    return url.origin === location.origin && !plain.startsWith('//') && !/[\\\p{Cc}]/u.test(next) ? plain : '/dashboard'
  } catch {
    return '/dashboard'
  }
}
