import { FormError } from "../shared/form-error.tsx"
import { FanFrame, type Frame } from "./frame.tsx"
import { moment, type Look } from "../shared/look.ts"

export type EventCard = {
  eventId: string
  name: string
  venue: string
  city?: string
  category?: string
  startsAt: number
}
export type Search = { q: string; city: string; category: string; from: string; to: string }

type Props = {
  frame: Frame
  look: Look
  search: Search
  categories: string[]
  events: EventCard[]
  page: number
  more: boolean
  error?: string
}

export const EventsPage = (props: Props) => (
  <FanFrame frame={props.frame} title="Events" wide>
    <h1>Events</h1>
    <SearchForm {...props} />
    <FormError text={props.error} />
    {props.events.length === 0 ? <NoEvents {...props} /> : <EventList {...props} />}
    {props.page === 1 && !props.more ? null : <PageLinks {...props} />}
  </FanFrame>
)

const SearchForm = ({ search, categories }: Props) => (
  <form class="search" role="search" action="/events" method="get">
    <label class="grow">
      <span>What or where</span>
      <input type="search" name="q" value={search.q} maxLength={200} placeholder="Artist, venue, city" />
    </label>
    <label>
      <span>City</span>
      <input name="city" value={search.city} maxLength={100} autocomplete="address-level2" />
    </label>
    <label>
      <span>Category</span>
      <select name="category">
        <option value="">All</option>
        {categories.map((each) => (
          <option value={each} selected={each === search.category} key={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
    <label>
      <span>From</span>
      <input type="date" name="from" value={search.from} />
    </label>
    <label>
      <span>Until</span>
      <input type="date" name="to" value={search.to} />
    </label>
    <button class="button" type="submit">
      Search
    </button>
  </form>
)

const NoEvents = ({ search, page, error }: Props) => (
  <p class="lead">
    {isNarrowed(search) || page > 1 ? (
      <>
        {error === undefined ? "Nothing was found. " : null}
        <a href="/events">Show all events</a>
      </>
    ) : (
      "No event is announced at this moment. Come back soon."
    )}
  </p>
)

const EventList = ({ events, look }: Props) => (
  <ul class="cards">
    {events.map((event) => (
      <li class="card" key={event.eventId}>
        <p class="when">
          <time dateTime={new Date(event.startsAt).toISOString()}>{moment(event.startsAt, look)}</time>
        </p>
        <h2>
          <a href={`/events/${event.eventId}`}>{event.name}</a>
        </h2>
        <p>
          {event.venue}
          {event.city === undefined ? null : `, ${event.city}`}
        </p>
        {event.category === undefined ? null : <p class="tag">{event.category}</p>}
      </li>
    ))}
  </ul>
)

const PageLinks = ({ search, page, more }: Props) => (
  <nav class="pages" aria-label="Pages">
    {page > 1 ? <a href={pageLink(search, page - 1)}>Earlier dates</a> : null}
    {more ? <a href={pageLink(search, page + 1)}>Later dates</a> : null}
  </nav>
)

const pageLink = (search: Search, page: number) =>
  `/events?${new URLSearchParams({ ...search, page: String(page) }).toString()}`

const isNarrowed = (search: Search) => Object.values(search).some((each) => each !== "")
