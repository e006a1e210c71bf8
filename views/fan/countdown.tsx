export const Countdown = ({ leftMs }: { leftMs: number }) => (
  <strong class="countdown" data-countdown={leftMs} role="timer">
    {minutesText(leftMs)}
  </strong>
)

const minutesText = (ms: number) => {
  const left = Math.max(0, Math.ceil(ms / 1000))
  return `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`
}
