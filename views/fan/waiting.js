// The waiting room in a browser: one stream of one's own status while the page is looked at; the board, which is the same for
// everybody, when there is no stream. Nothing here decides anything: the server does.
const sale = document.body.dataset.sale
const room = `/v1/sales/${sale}/waiting-room`
const field = (name) => document.querySelector(`[data-field="${name}"]`)
const say = (name, text) => {
  const element = field(name)
  if (element.textContent !== text) element.textContent = text
}
const show = (name, visible) => (field(name).hidden = !visible)
const number = (value) => Math.round(value).toLocaleString("en-US")
const time = (at) => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })

let state = "loading"
let place
let board
let stream
let silence
let streamRefusals = 0
let timer
let boardTimer
let failures = 0

const title = (text) => (document.title = `${text} · ${document.body.dataset.title}`)

const enter = (next) => {
  if (next === state) return
  state = next
  for (const section of document.querySelectorAll("[data-state]")) {
    section.hidden = section.dataset.state !== next
    if (!section.hidden && next !== "waiting") title(section.querySelector("h2").textContent)
  }
  if (next === "turn") call()
}

const waitText = (p50, p90) => {
  if (p90 < 60000) return "less than a minute"
  const [unit, word] = p90 < 7200000 ? [60000, "min"] : [3600000, "h"]
  const [least, most] = [Math.max(1, Math.round(p50 / unit)), Math.max(1, Math.ceil(p90 / unit))]
  return least >= most ? `about ${most} ${word}` : `about ${least} to ${most} ${word}`
}
const aheadText = (ahead) => {
  if (ahead === 0) return "You are next"
  return ahead === 1 ? "1 person ahead of you" : `${number(ahead)} people ahead of you`
}

/** What the sale's phase means for whoever waits: an expected wait is told only while people are called. */
const takePhase = (phase) => {
  show("paused", phase === "paused")
  show("before", phase === "queueing")
  show("expected", phase === "open")
  show("gone", phase === "sold_out" && (state === "waiting" || state === "missed"))
}

const takeMessage = (message) => {
  say("message", message)
  show("message", message !== "")
}

/** What everybody may know; says why one's own wait looks different from before. A cache may keep it: the stream is newer. */
const takeBoard = (now) => {
  say("seats", now.seats_left === null ? "…" : number(now.seats_left))
  if (stream === undefined) {
    takeMessage(now.message)
    takePhase(now.phase)
  }
  say("looked", time(Date.now()))
  if (board !== undefined) {
    if (now.phase !== "open") say("why", "")
    else if (board.phase === "paused") say("why", "The sale goes on.")
    else if (board.admit_per_minute !== now.admit_per_minute)
      say("why", `The organiser now lets in up to ${number(now.admit_per_minute)} people a minute, before it was ${number(board.admit_per_minute)}.`)
    else if (board.measured_per_minute > 0 && now.measured_per_minute > 0 && Math.abs(now.measured_per_minute / board.measured_per_minute - 1) > 0.25)
      say("why", now.measured_per_minute > board.measured_per_minute ? "People shop faster than before: the queue moves more quickly." : "People take longer to shop: the queue moves more slowly.")
  }
  board = now
}

const draw = (ahead, p50, p90) => {
  say("position", number(place))
  say("ahead", aheadText(ahead))
  say("wait", waitText(p50, p90))
  const progress = field("progress")
  progress.max = Math.max(1, place)
  progress.value = Math.max(0, place - ahead - 1)
  if (state === "waiting") title(aheadText(ahead))
}

/** One's own place as the server tells it. */
const takePlace = (told) => {
  place = told.position ?? place
  if (told.receipt) {
    say("receipt", told.receipt)
    show("kept", true)
  }
  if (told.turn_ends_at) say("turn-ends", time(Date.parse(told.turn_ends_at)))
  enter(told.state)
  if (told.state === "waiting") draw(told.ahead, told.wait_ms.p50, told.wait_ms.p90)
}

/** The stream's words for the same. */
const takeStatus = (status) =>
  takePlace({
    state: status.admitted ? "turn" : (status.turn ?? (status.phase === "closed" ? "closed" : "waiting")),
    position: status.position,
    ahead: status.ahead_count,
    wait_ms: { p50: status.estimated_wait_sec * 1000, p90: status.estimated_wait_sec_p90 * 1000 },
    turn_ends_at: status.admission_expires_at,
  })

const ask = async (address) => {
  const answer = await fetch(address, { headers: { accept: "application/json" }, signal: AbortSignal.timeout(6000) })
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`)
  return answer.json()
}

/** One look: the board always, one's own place when it matters. Answers when to look again, in ms. */
const look = async () => {
  const now = await ask(`${room}/board`)
  const changed = board?.phase !== now.phase
  takeBoard(now)
  if (state === "waiting" && place > now.now_serving && now.phase !== "closed") {
    const ahead = Math.max(0, place - now.now_serving - 1)
    const { p50, p90 } = now.wait_ms_per_position
    draw(ahead, ahead * p50, ahead * p90)
    return Math.min(now.poll.max_ms, Math.max(now.poll.min_ms, ahead * p50 * now.poll.share_of_wait)) * (0.9 + Math.random() * 0.2)
  }
  // Nobody without a place asks for it again before something has changed.
  if (["sign_in", "early", "join", "sold_out"].includes(state) && !changed) return 5000
  const told = await ask(`/sales/${sale}/place.json`)
  takePlace(told)
  takePhase(now.phase)
  return state === "closed" || state === "sign_in" ? Infinity : told.retry_after_ms
}

/** In a hidden tab nothing is asked, unless the person wants to be called; then rarely. */
const mayLook = () => !document.hidden || wantsCall()
const wantsCall = () => "Notification" in window && Notification.permission === "granted" && localStorage.getItem("traffic-call") === "yes"

const run = async () => {
  clearTimeout(timer)
  if (!mayLook() || stream !== undefined) return
  let wait
  try {
    wait = await look()
    failures = 0
    show("lost", false)
  } catch {
    failures++
    show("lost", true)
    wait = Math.min(30000, 1000 * 2 ** Math.min(failures, 5)) * (0.8 + Math.random() * 0.4)
  }
  if (state === "waiting" && !document.hidden && streamRefusals < 3) return listen()
  if (wait !== Infinity) timer = setTimeout(run, document.hidden ? Math.max(30000, wait) : wait)
}

/** The server tells every change by itself. A crowd may be too large for that: then the board is asked. */
const listen = () => {
  if (stream !== undefined) return
  stream = new EventSource(`${room}/stream`)
  heard()
  stream.addEventListener("alive", (event) => {
    heard()
    takeServing(JSON.parse(event.data).now_serving)
  })
  stream.addEventListener("status", (event) => {
    heard()
    streamRefusals = 0
    failures = 0
    show("lost", false)
    const status = JSON.parse(event.data)
    takeMessage(status.message)
    say("looked", time(Date.now()))
    takeStatus(status)
    takePhase(status.phase)
    if (board !== undefined && board.phase !== status.phase) void askBoard()
    if (state !== "waiting" && state !== "turn") close()
  })
  stream.addEventListener("problem", () => close())
  stream.onerror = () => {
    streamRefusals++
    show("lost", true)
    close()
  }
  void askBoard()
}

/** A stream says something every 5 s. One that does not is kept back by something between, and the board is asked instead. */
const heard = () => {
  clearTimeout(silence)
  silence = setTimeout(() => {
    streamRefusals++
    hangUp()
    void run()
  }, 7500)
}

/** Everybody's now_serving says that one's own turn has come: the stream should have told it. */
const takeServing = (served) => {
  if (state === "waiting" && place <= served) ask(`/sales/${sale}/place.json`).then(takePlace, () => {})
}

/** The stream tells one's own place; the seats left and why a wait changed are on the board. */
const askBoard = async () => {
  clearTimeout(boardTimer)
  if (stream === undefined) return
  boardTimer = setTimeout(askBoard, 8000 + Math.random() * 4000)
  await ask(`${room}/board`).then((now) => (takeBoard(now), takeServing(now.now_serving)), () => {})
}

const hangUp = () => {
  stream?.close()
  stream = undefined
  clearTimeout(silence)
}

const close = () => {
  hangUp()
  clearTimeout(timer)
  timer = setTimeout(run, 1000 + Math.random() * 1000)
}

let sound
const call = () => {
  document.querySelector('link[rel="icon"]').href = turnIcon
  if (wantsCall()) new Notification("It is your turn", { body: document.body.dataset.title, tag: `traffic-${sale}` })
  if (sound === undefined) return
  for (const [at, pitch] of [[0, 660], [0.25, 880]]) {
    const [tone, level] = [sound.createOscillator(), sound.createGain()]
    tone.frequency.value = pitch
    level.gain.setValueAtTime(0.2, sound.currentTime + at)
    level.gain.exponentialRampToValueAtTime(0.001, sound.currentTime + at + 0.5)
    tone.connect(level).connect(sound.destination)
    tone.start(sound.currentTime + at)
    tone.stop(sound.currentTime + at + 0.5)
  }
}
const turnIcon =
  "data:image/svg+xml," + encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0b6b3c"/><path d="m8 17 5 5L24 10" fill="none" stroke="#fff" stroke-width="4"/></svg>')

if ("Notification" in window && Notification.permission !== "denied" && !wantsCall()) show("notify", true)
document.querySelector('[data-action="notify"]').addEventListener("click", async () => {
  sound = new AudioContext()
  localStorage.setItem("traffic-call", "yes")
  await Notification.requestPermission()
  show("notify", false)
})
document.addEventListener("visibilitychange", () => {
  if (document.hidden && !wantsCall()) hangUp()
  void run()
})
addEventListener("offline", () => {
  hangUp()
  show("lost", true)
})
addEventListener("online", () => void run())
addEventListener("pageshow", (event) => event.persisted && void run())
void run()
