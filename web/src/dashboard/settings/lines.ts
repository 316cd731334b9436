// Lists that people write one a line; commas and blanks separate as well.
export function readLines(typed: string): string[] {
  return typed.split(/[\s,]+/).filter((line) => line !== '')
}
