// Against telling known addresses from unknown ones with a stopwatch: answers leave on the beat, whatever work came before.

/** Answers (and refusals) leave at the next whole multiple of `beatMs` after the work began. */
export async function onTheBeat<T>(beatMs: number, work: () => Promise<T>): Promise<T> {
  const began = performance.now()
  try {
    return await work()
  } finally {
    await untilTheBeat(beatMs, began)
  }
}

/** `began` is a reading of performance.now(): real time even where a test moves the clock. */
export async function untilTheBeat(beatMs: number, began: number): Promise<void> {
  const spent = performance.now() - began
  await new Promise((resolve) => setTimeout(resolve, Math.ceil(spent / beatMs) * beatMs - spent))
}
