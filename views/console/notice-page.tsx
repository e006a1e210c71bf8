import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

export const ConsoleNotice = ({
  frame,
  heading,
  text,
}: {
  frame: ConsoleFrameProps
  heading: string
  text: string
}) => (
  <ConsoleFrame frame={frame} title={heading}>
    <h1>{heading}</h1>
    <p class="lead">{text}</p>
    <p class="actions">
      <a class="button" href="/console/sales">
        All sales
      </a>
    </p>
  </ConsoleFrame>
)
