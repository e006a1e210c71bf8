import { Actions, myTickets, otherEvents } from "./actions.tsx"
import { FanFrame, type Frame } from "./frame.tsx"
import { SeatTable, type HeldSeat } from "./seat-table.tsx"
import { moment, type Look } from "../shared/look.ts"

export const OrderPage = ({
  frame,
  look,
  order,
}: {
  frame: Frame
  look: Look
  order: { orderId: string; holderName: string; amountCents: number; paidAt?: number; seats: HeldSeat[] }
}) => (
  <FanFrame frame={frame} title={order.paidAt === undefined ? "Not paid" : "Paid: your order"}>
    <h1>{order.paidAt === undefined ? "This order was not paid" : "Paid. See you there!"}</h1>
    <p class="lead">
      {order.paidAt === undefined
        ? "Its seats have gone back."
        : `The tickets are in the name of ${order.holderName} and stay with your account.`}
    </p>
    <SeatTable seats={order.seats} amountCents={order.amountCents} look={look} />
    <p class="hint">
      Order {order.orderId}
      {order.paidAt === undefined ? null : `, paid on ${moment(order.paidAt, look)}`}
    </p>
    <Actions to={[myTickets, otherEvents]} />
  </FanFrame>
)
