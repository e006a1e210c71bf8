export type Batch<Item, Answer> = { add(item: Item): Promise<Answer>; waiting(): number }

type Waiting<Item, Answer> = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void }

/**
 * Items that arrive while one call is under way travel together in the next, at most `max` of them.
 * One call at a time keeps the order of arrival. The caller bounds how many it adds.
 */
export const openBatch = <Item, Answer>(
  max: number,
  send: (items: Item[]) => Promise<Answer[]>,
): Batch<Item, Answer> => {
  let waiting: Waiting<Item, Answer>[] = []
  let underWay = false

  const run = async () => {
    underWay = true
    // What else this turn of the event loop brings comes along.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = waiting.length <= max ? waiting : waiting.slice(0, max)
      waiting = waiting.length <= max ? [] : waiting.slice(max)
      try {
        const answers = await send(batch.map((each) => each.item))
        if (answers.length !== batch.length) throw new Error(`${batch.length} asked, ${answers.length} answered`)
        for (const [index, each] of batch.entries()) each.resolve(answers[index]!)
      } catch (error) {
        for (const each of batch) each.reject(error)
      }
    }
    underWay = false
  }

  return {
    add: (item) =>
      new Promise((resolve, reject) => {
        waiting.push({ item, resolve, reject })
        if (!underWay) void run()
      }),
    waiting: () => waiting.length,
  }
}
