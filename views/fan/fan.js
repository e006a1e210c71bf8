// What a page for fans does beyond its forms: a countdown, and seats that others take while one looks. Without it everything works.
const pad = (value) => String(value).padStart(2, "0")

for (const element of document.querySelectorAll("[data-countdown]")) {
  const ends = Date.now() + Number(element.dataset.countdown)
  const tick = () => {
    const left = Math.max(0, Math.ceil((ends - Date.now()) / 1000))
    const text = `${Math.floor(left / 60)}:${pad(left % 60)}`
    if (element.textContent !== text) element.textContent = text
    element.toggleAttribute("data-soon", left <= 60)
    if (left > 0) return
    clearInterval(timer)
    for (const each of document.querySelectorAll("[data-needs-time]")) each.hidden = true
    const note = document.querySelector("[data-ended-note]")
    if (note === null) return
    note.hidden = false
    document.title = `Time is over · ${document.title}`
  }
  const timer = setInterval(tick, 500)
  tick()
}

// A hidden key goes with each form; a second press of its button must not send another.
for (const form of document.querySelectorAll("form[data-once]"))
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault()
    form.dataset.sent = "true"
    form.setAttribute("aria-busy", "true")
  })
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-once]")) {
    delete form.dataset.sent
    form.removeAttribute("aria-busy")
  }
})

const plan = document.querySelector("[data-plan]")
if (plan) {
  const seats = new Map([...plan.querySelectorAll("input[name=seat]")].map((input) => [input.value, input]))
  const cap = Number(plan.dataset.cap)
  const chosen = document.querySelector("[data-chosen]")
  const take = document.querySelector("[data-take]")
  const none = chosen.textContent
  const tell = (note = "") => {
    const inputs = [...seats.values()].filter((input) => input.checked)
    const text = inputs.length === 0 ? none : `Chosen: ${inputs.map((input) => input.dataset.seat).join(", ")}`
    chosen.textContent = `${note} ${text}`.trim()
    take.disabled = inputs.length === 0
    for (const input of seats.values()) input.toggleAttribute("data-over", !input.checked && inputs.length >= cap)
  }
  plan.addEventListener("change", (event) => {
    const isOver = event.target.checked && [...seats.values()].filter((input) => input.checked).length > cap
    if (isOver) event.target.checked = false
    tell(isOver ? `At most ${cap}: give one back to take another.` : "")
  })
  // Arrow keys walk through the rows as they lie in the hall; Tab and Space work as everywhere.
  plan.addEventListener("keydown", (event) => {
    const from = event.target.closest?.("input[name=seat]")
    if (!from) return
    const inputs = [...seats.values()].filter((input) => !input.disabled)
    const index = inputs.indexOf(from)
    const across = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const along = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (across === undefined && along === undefined) return
    event.preventDefault()
    if (across !== undefined) return inputs[index + across]?.focus()
    const rows = [...new Set(inputs.map((input) => input.dataset.row))]
    const row = rows[rows.indexOf(from.dataset.row) + along]
    const inRow = inputs.filter((input) => input.dataset.row === row)
    inRow
      .sort((a, b) => Math.abs(a.dataset.num - from.dataset.num) - Math.abs(b.dataset.num - from.dataset.num))[0]
      ?.focus()
  })
  const refresh = async () => {
    if (!document.hidden) {
      try {
        const answer = await fetch(plan.dataset.plan, { signal: AbortSignal.timeout(10000) })
        if (answer.ok) {
          const { taken } = await answer.json()
          const gone = new Set(taken)
          const lost = [...seats].filter(([id, input]) => input.checked && gone.has(id)).map(([, input]) => input)
          for (const input of lost) input.checked = false
          for (const [id, input] of seats) input.disabled = gone.has(id)
          if (lost.length > 0) tell(`Somebody else just took ${lost.map((input) => input.dataset.seat).join(", ")}.`)
        }
      } catch {
        // The server refuses a seat that is gone; this was only to know earlier.
      }
    }
    setTimeout(refresh, 3000)
  }
  tell()
  setTimeout(refresh, 3000)
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false
  button.addEventListener("click", () => print())
}
