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
    document.body.dataset.ended = "true"
    const note = document.querySelector("[data-ended-note]")
    if (note) note.hidden = false
    for (const button of document.querySelectorAll("[data-needs-time]")) button.disabled = true
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
  const tell = () => {
    const inputs = [...seats.values()].filter((input) => input.checked)
    chosen.textContent =
      inputs.length === 0 ? `Choose up to ${cap} seats.` : `Chosen: ${inputs.map((input) => input.dataset.seat).join(", ")}`
    take.disabled = inputs.length === 0
    for (const input of seats.values()) input.toggleAttribute("data-over", !input.checked && inputs.length >= cap)
  }
  plan.addEventListener("change", (event) => {
    if (event.target.checked && [...seats.values()].filter((input) => input.checked).length > cap) event.target.checked = false
    tell()
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
          for (const [id, input] of seats) {
            const isGone = gone.has(id)
            if (isGone && input.checked) input.checked = false
            input.disabled = isGone
          }
          tell()
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
