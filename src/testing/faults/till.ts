export type Till = ReturnType<typeof openTill>

/** Where people stop with their holds before they pay, so that many pay at one moment. Open unless somebody closes it. */
export const openTill = () => {
  let isOpen = true
  let standing: (() => void)[] = []
  return {
    pass: () => (isOpen ? Promise.resolve() : new Promise<void>((go) => standing.push(go))),
    close: () => void (isOpen = false),
    standing: () => standing.length,
    open: () => {
      isOpen = true
      const waited = standing
      standing = []
      for (const go of waited) go()
    },
  }
}
