/** Where fans are told what the API tells programs, alone or behind the title. */
const detail = "{detail}"
const titleAndDetail = "{title}. {detail}"

/** Everything that can go wrong by rule. Anything else is a bug and answers 500. The key is the `code` on the wire; `fan` is said on pages for fans. */
export const faults = {
  malformed_id: {
    status: 400,
    title: "An id is malformed",
    fan: "The address is not complete. Open it from the list of events or from your tickets",
  },
  malformed_json: { status: 400, title: "The body is not JSON", fan: titleAndDetail },
  invalid_input: { status: 400, title: "The request breaks the schema", fan: detail },
  invalid_scenario: { status: 400, title: "The settings of the run are not valid", fan: titleAndDetail },
  unsupported_media_type: { status: 415, title: "The body must be application/json", fan: titleAndDetail },
  body_too_large: { status: 413, title: "The body is over 64 KiB", fan: titleAndDetail },
  not_found: { status: 404, title: "There is nothing at this address", fan: detail },
  method_not_allowed: { status: 405, title: "This address does not take this method", fan: titleAndDetail },
  misdirected: { status: 421, title: "This server does not answer for that host", fan: titleAndDetail },

  unauthorized: { status: 401, title: "Sign in first", fan: titleAndDetail },
  wrong_credentials: { status: 401, title: "E-mail or password is wrong", fan: titleAndDetail },
  admission_invalid: { status: 401, title: "The admission is not valid", fan: titleAndDetail },
  admission_required: { status: 403, title: "Your turn in the waiting room comes first", fan: titleAndDetail },
  forbidden: { status: 403, title: "The key is wrong or missing", fan: titleAndDetail },
  exists: { status: 409, title: "There is an account with this e-mail already", fan: titleAndDetail },
  hashing_busy: {
    status: 503,
    title: "Too many sign-ins at this moment",
    fan: "Too many people sign in at this moment. Try again in a few seconds",
  },
  rate_limited: {
    status: 429,
    title: "Too many requests",
    fan: "Too many attempts in a short time. Nothing is lost; wait a minute, then try again",
  },

  event_not_found: {
    status: 404,
    title: "There is no such event",
    fan: "The event may have been taken down, or the link is broken",
  },
  sale_not_found: {
    status: 404,
    title: "There is no such sale",
    fan: "The sale may have been taken down, or the link is broken",
  },
  hold_not_found: {
    status: 404,
    title: "There is no such hold",
    fan: "Its time may be over, or it belongs to another account",
  },
  order_not_found: {
    status: 404,
    title: "There is no such order",
    fan: "It may belong to another account. Your orders are behind your tickets",
  },
  ticket_not_found: { status: 404, title: "There is no such ticket", fan: "It may belong to another account" },
  run_not_found: { status: 404, title: "There is no such run", fan: titleAndDetail },

  sale_closed: { status: 403, title: "The waiting room does not take anybody now", fan: detail },
  sale_state: { status: 409, title: "The sale is in another phase", fan: titleAndDetail },
  room_full: { status: 503, title: "The waiting room is full", fan: titleAndDetail },
  not_in_queue: { status: 404, title: "You have not joined this waiting room", fan: titleAndDetail },
  waiting_room_recovering: {
    status: 503,
    title: "The waiting room is recovering; your position is kept",
    fan: titleAndDetail,
  },
  waiting_room_busy: { status: 503, title: "The waiting room takes no more joins at this moment", fan: titleAndDetail },

  unavailable: { status: 409, title: "A seat is not available", fan: detail },
  cap_exceeded: {
    status: 403,
    title: "The limit of tickets for one account is reached",
    fan: "That is more than one account may have of this sale; tickets that you bought before count too",
  },
  hold_exists: { status: 409, title: "This account has a hold already", fan: titleAndDetail },
  hold_expired: { status: 410, title: "The hold has ended", fan: titleAndDetail },
  hold_already_extended: { status: 409, title: "The hold was extended already", fan: titleAndDetail },
  payment_declined: {
    status: 402,
    title: "The payment was declined",
    fan: "The payment was declined, and nothing was paid. The seats stay yours; try another card",
  },
  idempotency_mismatch: {
    status: 422,
    title: "This idempotency key was used with another body",
    fan: "This page was sent before with something else. Check what you chose, then send it again",
  },
  idempotency_running: {
    status: 409,
    title: "The same request is still running",
    fan: "This was sent already and is still being worked on. Wait a few seconds, then look again",
  },
  transfer_blocked: { status: 403, title: "Tickets cannot be transferred", fan: titleAndDetail },

  loadtest_busy: { status: 429, title: "A run is under way already", fan: titleAndDetail },
  run_state: { status: 409, title: "The run is in another state", fan: titleAndDetail },
  run_starred: { status: 409, title: "The run is a baseline", fan: titleAndDetail },
  lab_unavailable: { status: 503, title: "The load lab is not ready", fan: titleAndDetail },
  store_away: {
    status: 503,
    title: "A store is away at this moment",
    fan: "Something behind this page is away. Every place and every order is kept; try again in a moment",
  },
  clock_off: {
    status: 503,
    title: "A clock of this server is not to be trusted",
    fan: "A clock behind this page is wrong. Every place and every order is kept; try again in a moment",
  },
  draining: { status: 503, title: "The server is stopping", fan: titleAndDetail },
  overloaded: {
    status: 503,
    title: "The server sheds load at this moment",
    fan: "Too many people want the same at this moment. Nothing is lost; try again in a few seconds",
  },
} as const satisfies Record<string, { status: number; title: string; fan: string }>

export type FaultCode = keyof typeof faults

export type FaultOptions = {
  facts?: Record<string, unknown>
  /** Further headers of the answer. Every 503 and 429 gets a Retry-After, of 1 s when none is named here. */
  headers?: Record<string, string>
  cause?: unknown
}

/** A refusal by rule. The title never varies, the detail says what is wrong here and what to do. */
export class Fault extends Error {
  readonly code: FaultCode
  readonly facts: Record<string, unknown>
  readonly headers: Record<string, string>

  constructor(code: FaultCode, detail: string, { facts = {}, headers = {}, cause }: FaultOptions = {}) {
    super(detail, { cause })
    this.name = "Fault"
    this.code = code
    this.facts = facts
    this.headers = headers
  }

  get status() {
    return faults[this.code].status
  }
}

export const isFault = (error: unknown, code?: FaultCode): error is Fault =>
  error instanceof Fault && (code === undefined || error.code === code)
