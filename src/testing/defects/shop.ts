import type { Tokens } from "../../guard/tokens.ts"
import { newId, type AdmissionId } from "../../ids.ts"
import { oneHoldEach } from "../../lab/audit/groups.ts"
import { firstSaleWorthNothing } from "../../lab/audit/second-sale.ts"
import { epochMs, later, minutes } from "../../units.ts"
import * as stories from "./stories.ts"
import { rowsOf, type StoreDefect } from "./stores.ts"

/** Reads what a token claims and believes it. */
const unchecked = (tokens: Tokens): Tokens => ({
  ...tokens,
  verifyAdmission: (token, saleId) => {
    const genuine = tokens.verifyAdmission(token, saleId)
    if (genuine !== undefined) return genuine
    const { sub } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { sub: string }
    const grantedAt = epochMs(Date.UTC(2027, 0, 1))
    const endsAt = later(grantedAt, minutes(60))
    return { admissionId: newId<AdmissionId>(grantedAt), saleId, accountId: sub as never, grantedAt, endsAt }
  },
})

const defects: StoreDefect[] = [
  {
    check: "I1 seats sold once",
    defect: "a seat of a paid order goes back on sale, and the constraint one_live_ticket is dropped",
    sow: { schema: ["drop index one_live_ticket"] },
    story: stories.seatsComeBack,
    example: /^seat \w+ has the tickets \w+ and \w+$/,
  },
  {
    check: "I2 sold within seats",
    defect: "one seat too many in every section",
    sow: { statements: [{ from: "generate_series(1, seats)", to: "generate_series(1, seats + 1)" }] },
    story: stories.wholeSale,
    example: /^the sale was made with 20 seats and has 21$/,
  },
  {
    check: "I3 orders kept",
    defect: "a job that tidies up deletes the latest ticket",
    sow: {
      afterwards: (saleId) =>
        `delete from tickets where ticket_id = (select max(ticket_id) from tickets where sale_id = '${saleId}')`,
    },
    story: stories.wholeSale,
    example: /^ticket \w+ of order \w+ was acknowledged and is not there$/,
  },
  {
    check: "I4 payments match orders",
    defect: "a payment is captured again when the provider calls back, and the constraint one_capture is dropped",
    sow: {
      schema: ["drop index one_capture"],
      afterwards: () => `
        insert into payments (payment_id, order_id, attempt, provider, provider_ref, amount_cents, status, made_at)
        select payment_id || 'x', order_id, attempt + 1, provider, provider_ref || 'x', amount_cents, status, made_at
        from payments order by payment_id limit 1`,
    },
    story: stories.wholeSale,
    example: /^order \w+ was captured twice, by the payments \w+ and \w+$/,
  },
  {
    check: "I4 payments match orders",
    defect: "a captured payment leaves its order open",
    sow: { statements: [{ from: "set status = 'paid', paid_at = ", to: "set placed_at = " }] },
    story: stories.wholeSale,
    example: /^payment \w+ was captured and its order \w+ is not paid$/,
    also: ["I3 orders kept"],
  },
  {
    check: "I7 keys act once",
    defect: "keys of repeated requests are ignored, and the constraints behind them dropped",
    sow: {
      statements: [{ from: " and key = ", to: " and key || ' ignored' = " }],
      schema: ["alter table idempotency drop constraint idempotency_once", "drop index one_live_hold"],
    },
    story: stories.pressedTwice,
    example: /^hold with key hold of ada answered \w+ for \w+ once and \w+ for \w+ another time$/,
  },
  {
    check: "I8 bought while admitted",
    defect: "the signature of an admission is not checked",
    sow: { tokens: unchecked },
    story: stories.forgedAdmission,
    example: /^hold \w+ of ada has no admission of that account$/,
  },
  {
    check: "I8 no way in",
    defect: "an account token is taken for an admission",
    sow: { tokens: unchecked },
    story: stories.wholeSale,
    example: /^ada tried seats with account token and was answered 200$/,
  },
  {
    check: "I8 first sale worth nothing",
    defect: "an admission opens every sale",
    sow: { tokens: unchecked },
    story: stories.otherSale,
    judge: (history) => [firstSaleWorthNothing(history)],
    example: /^bob tried seats of the second sale with first sale admission: 200$/,
    also: ["I8 no way in"],
  },
  {
    check: "I8 no way in",
    defect: "an admission that has bought its tickets is taken again",
    sow: {
      statements: [
        {
          from: "select finished_at from shop_admissions",
          to: "select null::timestamptz as finished_at from shop_admissions",
        },
      ],
    },
    story: stories.wholeSale,
    example: /^ada tried seats with replayed admission and was answered 200$/,
  },
  {
    check: "I9 one hold each",
    defect: "the constraint one_live_hold is dropped",
    sow: { schema: ["drop index one_live_hold"] },
    story: stories.holdsTwice,
    judge: (history) => [oneHoldEach(history)],
    example: /^ada has the holds \w+ and \w+$/,
  },
  {
    check: "I9 caps kept",
    defect: "the cap is off by one",
    sow: {
      schema: [
        "alter table purchase_caps drop constraint cap_not_exceeded, add constraint cap_not_exceeded check (held + sold <= cap + 1)",
      ],
    },
    story: stories.greedy,
    example: /^ada has 3 seats and the cap is 2$/,
  },
  {
    check: "I12 expired holds released",
    defect: "the sweeper never finds a hold",
    sow: {
      statements: [{ from: " and expires_at <= ", to: " and false and expires_at <= " }],
    },
    story: stories.forgottenHold,
    example: /^hold \w+ of ada ended \d+ ms ago and still has 1 seats$/,
  },
  {
    check: "I12 expired holds released",
    defect: "a hold is released and its seats are not",
    sow: {
      statements: [
        {
          from: "set state = 'available', hold_id = null\n    from held\n    where seat.sale_id",
          to: "set state = 'available', hold_id = null\n    from held\n    where false and seat.sale_id",
        },
      ],
    },
    story: stories.forgottenHold,
    example: /^hold \w+ of ada was released and 1 of its seats were not$/,
  },
]

/** What can be wrong with the box office and its gate: constraints, statements, tokens. */
export const shopRows = rowsOf(defects)
