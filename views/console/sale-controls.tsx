import { moment, type Look } from "../shared/look.ts"
import { title } from "../shared/words.ts"
import type { SaleLive } from "./sale-live.ts"

/** How the sale stands, what that means, and what can be done about it. Sent again only when it changes, so that a button keeps its focus. */
export const SaleControls = ({ live, look, swapped = false }: { live: SaleLive; look: Look; swapped?: boolean }) => {
  const { saleId, phase, paused, recovering, message, alarm } = live
  return (
    <section id="controls" class="panel" aria-label="State of the sale" {...(swapped ? { "hx-swap-oob": "true" } : {})}>
      {alarm === undefined ? null : (
        <div class="error" role="alert">
          <p>
            Nobody is called: one position was found with two accounts, which must never be. Export the queue, look at
            both accounts, then let people be called again. What was found: {alarm}
          </p>
        </div>
      )}
      <p class={`state ${alarm === undefined && !recovering ? phase : "danger"}`} role="status">
        <b>{title(phase)}.</b>{" "}
        {recovering
          ? recoveringText
          : alarm === undefined
            ? meaningOf(live, look)
            : "Nobody is called until somebody has looked."}
      </p>
      {message === "" ? null : <p class="hint">Everybody who waits reads: {message}</p>}
      {phase === "closed" ? null : (
        <div class="actions">
          {alarm === undefined ? null : (
            <form method="post" action={`/console/sales/${saleId}/clear-alarm`}>
              <button id="clear-alarm" class="button danger" type="submit">
                I have looked; call people again
              </button>
            </form>
          )}
          <a
            id="pause"
            class={paused ? "button" : "button quiet"}
            href={`/console/sales/${saleId}/${paused ? "resume" : "pause"}`}
          >
            {paused ? "Resume the sale" : "Pause the sale"}
          </a>
          <a id="stop" class="button danger" href={`/console/sales/${saleId}/stop`}>
            Emergency stop
          </a>
        </div>
      )}
    </section>
  )
}

const recoveringText =
  "The queue is being put back after a fault; every place is kept, and nobody is called until then."

const meaningOf = ({ phase, paused, queueOpensAt, opensAt }: SaleLive, look: Look): string => {
  const held = paused ? " It is paused already, so nobody is called then either." : ""
  switch (phase) {
    case "scheduled":
      return `The waiting room opens by itself on ${moment(queueOpensAt, look)}.${held}`
    case "queueing":
      return `People take their places; the first are called on ${moment(opensAt, look)}.${held}`
    case "open":
      return "People are called in order and buy."
    case "paused":
      return "Nobody is called until you resume it; every place, admission and hold stays."
    case "sold_out":
      return "No seat is free. People are called again if one comes back."
    case "closed":
      return "Nobody joins or is called any more. What was held before can still be paid. Nothing can be changed here."
  }
}
