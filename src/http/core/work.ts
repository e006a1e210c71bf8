/** What a request is worth while there is more than can be done: the last is refused first. */
export const works = ["health", "shoppers", "operators", "joins", "polls", "pages", "rest"] as const
export type Work = (typeof works)[number]
