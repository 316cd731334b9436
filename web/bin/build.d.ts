/** Builds the pages where they are older than what they are made of. */
export function build(): void
