import { Actions, type Action } from "./actions.tsx"
import { FanFrame, type Frame } from "./frame.tsx"

export const FanNotice = ({
  frame,
  heading,
  text,
  actions,
}: {
  frame: Frame
  heading: string
  text: string
  actions: Action[]
}) => (
  <FanFrame frame={frame} title={heading}>
    <h1>{heading}</h1>
    <p class="lead">{text}</p>
    <Actions to={actions} />
  </FanFrame>
)
