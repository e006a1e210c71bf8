/** Everything that can go wrong by rule. Anything else is a bug and answers 500. The key is the `code` on the wire. */
export const faults = {
  malformed_id: { status: 400, title: "An id is malformed" },
  malformed_json: { status: 400, title: "The body is not JSON" },
  invalid_input: { status: 400, title: "The request breaks the schema" },
  invalid_scenario: { status: 400, title: "The settings of the run are not valid" },
  unsupported_media_type: { status: 415, title: "The body must be application/json" },
  body_too_large: { status: 413, title: "The body is over 64 KiB" },
  not_found: { status: 404, title: "There is nothing at this address" },
  method_not_allowed: { status: 405, title: "This address does not take this method" },
  misdirected: { status: 421, title: "This server does not answer for that host" },

  unauthorized: { status: 401, title: "Sign in first" },
  wrong_credentials: { status: 401, title: "E-mail or password is wrong" },
  admission_invalid: { status: 401, title: "The admission is not valid" },
  admission_required: { status: 403, title: "Your turn in the waiting room comes first" },
  forbidden: { status: 403, title: "The key is wrong or missing" },
  exists: { status: 409, title: "There is an account with this e-mail already" },
  hashing_busy: { status: 503, title: "Too many sign-ins at this moment" },
  rate_limited: { status: 429, title: "Too many requests" },

  event_not_found: { status: 404, title: "There is no such event" },
  sale_not_found: { status: 404, title: "There is no such sale" },
  hold_not_found: { status: 404, title: "There is no such hold" },
  order_not_found: { status: 404, title: "There is no such order" },
  ticket_not_found: { status: 404, title: "There is no such ticket" },
  run_not_found: { status: 404, title: "There is no such run" },

  sale_closed: { status: 403, title: "The waiting room does not take anybody now" },
  sale_state: { status: 409, title: "The sale is in another phase" },
  room_full: { status: 503, title: "The waiting room is full" },
  not_in_queue: { status: 404, title: "You have not joined this waiting room" },
  waiting_room_recovering: { status: 503, title: "The waiting room is recovering; your position is kept" },
  waiting_room_busy: { status: 503, title: "The waiting room takes no more joins at this moment" },

  unavailable: { status: 409, title: "A seat is not available" },
  cap_exceeded: { status: 403, title: "The limit of tickets for one account is reached" },
  hold_exists: { status: 409, title: "This account has a hold already" },
  hold_expired: { status: 410, title: "The hold has ended" },
  hold_already_extended: { status: 409, title: "The hold was extended already" },
  payment_declined: { status: 402, title: "The payment was declined" },
  idempotency_mismatch: { status: 422, title: "This idempotency key was used with another body" },
  idempotency_running: { status: 409, title: "The same request is still running" },
  transfer_blocked: { status: 403, title: "Tickets cannot be transferred" },

  loadtest_busy: { status: 429, title: "A run is under way already" },
  run_state: { status: 409, title: "The run is in another state" },
  run_starred: { status: 409, title: "The run is a baseline" },
  lab_unavailable: { status: 503, title: "The load lab is not ready" },
  store_away: { status: 503, title: "A store is away at this moment" },
  draining: { status: 503, title: "The server is stopping" },
  overloaded: { status: 503, title: "The server sheds load at this moment" },
} as const satisfies Record<string, { status: number; title: string }>

export type FaultCode = keyof typeof faults

export type FaultOptions = {
  /** Further members of the problem document, snake_case. */
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
