export type Action = { href: string; label: string }

export const otherEvents: Action = { href: "/events", label: "Other events" }
export const myTickets: Action = { href: "/me/tickets", label: "My tickets" }

/** Where to go next; the first is what most people want. */
export const Actions = ({ to }: { to: Action[] }) => (
  <p class="actions">
    {to.map(({ href, label }, index) => (
      <a class={index === 0 ? "button" : "button quiet"} href={href} key={href}>
        {label}
      </a>
    ))}
  </p>
)
