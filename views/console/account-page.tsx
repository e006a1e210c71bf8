import type { Look } from "../shared/look.ts"
import { whole } from "../shared/words.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"
import { instant } from "./instant.ts"
import { SearchForm } from "./search-form.tsx"

export type Happening = { at: number; what: string }

export const AccountHistoryPage = ({
  frame,
  look,
  head,
  asked,
  found,
}: {
  frame: ConsoleFrameProps
  look: Look
  head: { saleId: string; eventName: string }
  asked: string
  found?: {
    accountId: string
    email?: string
    createdAt: number
    position?: number
    now: string
    happenings: Happening[]
  }
}) => (
  <ConsoleFrame frame={frame} title={`Search: ${asked}`}>
    <p>
      <a href={`/console/sales/${head.saleId}`}>{head.eventName}</a>
    </p>
    <h1>{found?.email ?? found?.accountId ?? asked}</h1>
    {found === undefined ? (
      <>
        <p class="lead">No account has this e-mail address or id. Write all of it: parts are not searched for.</p>
        <div class="panel narrow">
          <SearchForm saleId={head.saleId} asked={asked} />
        </div>
      </>
    ) : (
      <>
        <dl class="facts panel">
          <div>
            <dt>Account</dt>
            <dd>{found.accountId}</dd>
          </div>
          <div>
            <dt>Made</dt>
            <dd>{instant(found.createdAt, look)}</dd>
          </div>
          <div>
            <dt>Position</dt>
            <dd>{found.position === undefined ? "none: never joined" : whole(found.position)}</dd>
          </div>
          <div>
            <dt>Now</dt>
            <dd>{found.now}</dd>
          </div>
        </dl>
        <p class="hint">Times in {look.timeZone}.</p>
        <ol class="timeline panel">
          {found.happenings.map((each, index) => (
            <li key={index}>
              <time dateTime={new Date(each.at).toISOString()}>{instant(each.at, look)}</time>
              <span>{each.what}</span>
            </li>
          ))}
          {found.happenings.length === 0 ? <li>Nothing has happened yet in this sale.</li> : null}
        </ol>
      </>
    )}
  </ConsoleFrame>
)
