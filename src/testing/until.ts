/** Asks ten times a second. @throws Error that says what did not come to pass. */
export const until = async (what: string, holds: () => Promise<boolean> | boolean, attempts = 300) => {
  for (let left = attempts; left > 0; left--) {
    if (await holds()) return
    await Bun.sleep(100)
  }
  throw new Error(`${what}: not within ${attempts / 10} s`)
}
