/** A path of this server; anything else would lead a person who has just signed in elsewhere. */
export const lookupPath = (text: string | null | undefined): string | undefined =>
  text && text.length <= 500 && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(text) ? text : undefined

export const lookupReferrer = (request: Request): string | undefined => {
  const referrer = request.headers.get("referer")
  if (referrer === null || !URL.canParse(referrer)) return undefined
  const { host, pathname, search } = new URL(referrer)
  return host === request.headers.get("host") ? lookupPath(pathname + search) : undefined
}
