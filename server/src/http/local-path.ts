// Where a browser may be sent that came with a wish: a path of ours, however an address elsewhere is written (S20).

/** Null for anything else. */
export function localPath(wish: string | undefined): string | null {
  if (wish === undefined || !/^\/(?![/\\])[\x21-\x7e]*$/.test(wish) || wish.includes('\\')) return null
  const origin = 'http://here.invalid'
  // Dots are resolved by browsers: what begins with one slash may yet end as two.
  const url = URL.canParse(wish, origin) ? new URL(wish, origin) : null
  return url?.origin === origin && !url.pathname.startsWith('//') ? wish : null
}
