// Made by web/measurements.ts while the pages are built.
declare module 'virtual:measurements' {
  export const measurements: readonly { readonly what: string; readonly measured: string; readonly bar: string }[]
}
