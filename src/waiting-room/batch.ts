/** `tell` maps the answer before the promise resolves, which saves a second promise. */
export type Batch<Item, Answer> = {
  add(item: Item): Promise<Answer>
  add<Told>(item: Item, tell: (answer: Answer) => Told | PromiseLike<Told>): Promise<Told>
}

export type Load = { items: number }

type Waiting<Answer> = { tell: (answer: Answer) => void; reject: (error: unknown) => void }

/**
 * Micro-batching: items that arrive while one call is under way go together in the next, at most `max` of them, in the order of
 * arrival. The caller bounds how many it adds.
 */
export const openBatch = <Item, Answer>(
  max: number,
  send: (items: Item[]) => Promise<Answer[]>,
  load: Load = { items: 0 },
): Batch<Item, Answer> => {
  let items: Item[] = []
  let waiting: Waiting<Answer>[] = []
  let underWay = false

  const run = async () => {
    underWay = true
    await Promise.resolve()
    while (waiting.length > 0) {
      const asked = waiting.length <= max ? waiting : waiting.slice(0, max)
      const sent = waiting.length <= max ? items : items.slice(0, max)
      waiting = waiting.length <= max ? [] : waiting.slice(max)
      items = items.length <= max ? [] : items.slice(max)
      try {
        const answers = await send(sent)
        if (answers.length !== asked.length) throw new Error(`${asked.length} asked, ${answers.length} answered`)
        for (let index = 0; index < asked.length; index++) asked[index]!.tell(answers[index]!)
      } catch (error) {
        for (const each of asked) each.reject(error)
      }
      load.items -= asked.length
    }
    underWay = false
  }

  return {
    add: <Told>(item: Item, tell?: (answer: Answer) => Told | PromiseLike<Told>) =>
      new Promise<Told & Answer>((resolve, reject) => {
        items.push(item)
        waiting.push({ tell: tell ? (answer) => resolve(tell(answer) as never) : (resolve as never), reject })
        load.items++
        if (!underWay) void run()
      }),
  }
}
