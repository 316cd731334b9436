// Lists that people write one a line; commas separate as well. Blanks do not: words are no list, and the server says so.
export function readLines(typed: string): string[] {
  return typed
    .split(/[\n,]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
