import { Fault, type FaultCode } from "../fault.ts"
import { isRefusal, isRetryable } from "../stores/postgres.ts"

/** What a refused row means, by the name of the constraint that refused it. Any other refusal is a bug. */
const meanings: Record<string, { code: FaultCode; detail: string; retryAfterSeconds?: number }> = {
  sales_event: { code: "event_not_found", detail: "There is no event with this id" },
  shop_admissions_sale: { code: "sale_not_found", detail: "There is no sale with this id" },
  shop_admissions_account: { code: "unauthorized", detail: "The account of this admission is gone; sign in again" },
  holds_admission: { code: "admission_invalid", detail: "The admission belongs to somebody else" },
  orders_admission: { code: "admission_invalid", detail: "The admission belongs to somebody else" },
  holds_within_admission: { code: "admission_invalid", detail: "The admission has ended" },
  orders_within_admission: { code: "admission_invalid", detail: "The admission has ended" },
  one_paid_order_per_admission: {
    code: "admission_required",
    detail: "This admission has bought its tickets; join the waiting room again",
  },
  one_live_hold: { code: "hold_exists", detail: "Pay or release the hold that you have first" },
  one_open_order: { code: "hold_exists", detail: "Another order of this account is not settled yet" },
  one_order_per_hold: { code: "hold_expired", detail: "This hold has an order already" },
  cap_not_exceeded: { code: "cap_exceeded", detail: "One account cannot have that many tickets of this sale" },
  one_live_ticket: { code: "unavailable", detail: "A seat has a ticket already" },
  sold_not_over_seats: { code: "unavailable", detail: "There is no seat left" },
  seats_hold: { code: "unavailable", detail: "A seat belongs to another sale" },
  idempotency_once: {
    code: "idempotency_running",
    detail: "Ask again with the same key in a second",
    retryAfterSeconds: 1,
  },
}

/**
 * Runs `work` and says in words what the store refused by rule.
 * A store that is away is not a refusal: that failure passes as it is.
 */
export const inWords = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw lookupFault(error) ?? error
  }
}

export const isRefusedBy = (error: unknown, constraint: string) =>
  isRefusal(error) && error.constraint_name === constraint

const lookupFault = (error: unknown): Fault | undefined => {
  if (!isRefusal(error)) return undefined
  const meaning = meanings[error.constraint_name ?? ""]
  if (meaning) {
    const headers: Record<string, string> = meaning.retryAfterSeconds
      ? { "retry-after": String(meaning.retryAfterSeconds) }
      : {}
    return new Fault(meaning.code, meaning.detail, { headers, cause: error })
  }
  if (error.code === lockNotAvailable && isAboutSeats(error))
    return new Fault("unavailable", "Somebody else is taking one of these seats at this moment", { cause: error })
  if (error.code === lockNotAvailable || isRetryable(error))
    return new Fault("overloaded", "Too many buyers want the same thing at this moment; ask again", {
      headers: { "retry-after": "1" },
      cause: error,
    })
  return undefined
}

const lockNotAvailable = "55P03"
/** Postgres names the table of a lock timeout only in the context of its message. */
const isAboutSeats = (error: Error) => "where" in error && String(error.where).includes('relation "seats"')
