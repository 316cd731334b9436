// A fault that stops the start: its message is the one sentence the operator reads, and the process exits with 1.
export class StartupError extends Error {
  override readonly name = 'StartupError'
}
