import type { Second } from "../../src/lab/model/figures.ts"
import type { FiguresView, ServerView } from "./run-view.ts"
import { figure, milliseconds, percent, title, whole } from "../shared/words.ts"

export type FiguresProps = {
  figures?: FiguresView
  point?: Second
  server: ServerView
  poll?: string
  running: boolean
  watch?: string
  swapped?: boolean
}

/** The figures beside everything: the sale as the server sees it, and the load as both sides see it. */
export const Figures = ({ figures, point, server, poll, running, watch, swapped = false }: FiguresProps) => (
  <div
    id="figures"
    class={running ? "figures figures-running" : "figures"}
    {...(swapped ? { "hx-swap-oob": "true" } : {})}
    {...(poll === undefined ? {} : { "hx-get": poll, "hx-trigger": "every 2s", "hx-swap": "outerHTML" })}
  >
    <ul class="lamps">
      <li class={server.ready ? "lamp lamp-good" : "lamp lamp-bad"}>
        {server.ready ? "Server ready" : `Away: ${server.away.join(", ") || "starting"}`}
      </li>
      <li class={server.k6.ready ? "lamp lamp-good" : "lamp lamp-wait"}>
        {server.k6.ready ? `k6 ${server.k6.version}` : "k6 is not here yet"}
      </li>
    </ul>
    {watch === undefined ? null : (
      <a class="watch" href={watch}>
        A run is under way: watch it
      </a>
    )}
    {figures === undefined ? (
      <p class="figures-none">No sale is open.</p>
    ) : (
      <>
        <h2>
          Waiting room <span class={`phase phase-${figures.phase}`}>{title(figures.phase)}</span>
        </h2>
        <dl class="figure-list">
          <Figure name="Queue depth" value={whole(figures.waiting)} large />
          <Figure name="Now serving" value={whole(figures.nowServing)} large />
          <Figure name="Admissions" value={figure(figures.admissionsPerSecond)} unit="/s" />
          <Figure name="Shoppers" value={whole(figures.shoppers)} />
        </dl>
        <h2>Box office</h2>
        <dl class="figure-list">
          <Figure name="Seats left" value={whole(figures.available)} large />
          <Figure name="Tickets sold" value={whole(figures.sold)} large />
        </dl>
        <h2>Load</h2>
        <table class="sides">
          <thead>
            <tr>
              <td />
              <th scope="col">Server</th>
              <th scope="col">k6</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">Requests/s</th>
              <td>{figure(figures.requestsPerSecond)}</td>
              <td>{point?.requestsPerSecond === undefined ? "–" : figure(point.requestsPerSecond)}</td>
            </tr>
            <Row name="p50" values={[latency(figures.p50Ms), latency(point?.p50Ms)]} />
            <Row name="p95" values={[latency(figures.p95Ms), latency(point?.p95Ms)]} />
            <Row name="p99" values={[latency(figures.p99Ms), latency(point?.p99Ms)]} />
            <tr>
              <th scope="row">Errors</th>
              <td>{percent(figures.errorPct / 100)}</td>
              <td>{point?.failedRate === undefined ? "–" : percent(point.failedRate)}</td>
            </tr>
            <Row
              name="Blocked/s"
              values={[figures.refusedPerSecond === undefined ? "–" : figure(figures.refusedPerSecond), "–"]}
            />
            <tr class="row-detail">
              <th scope="row">People</th>
              <td>–</td>
              <td>{point?.people === undefined ? "–" : whole(point.people)}</td>
            </tr>
            <tr class="row-detail">
              <th scope="row">Loop lag</th>
              <td>{milliseconds(figures.loopLagMs)}</td>
              <td>–</td>
            </tr>
            {point === undefined ? null : (
              <>
                <Row name="CPU" values={[share(point.cpuServer), share(point.cpuK6)]} />
                <Row name="Memory" values={[megabytes(point.memoryServerMb), megabytes(point.memoryK6Mb)]} />
              </>
            )}
          </tbody>
        </table>
        {point === undefined ? null : <StoreFigures point={point} />}
      </>
    )}
  </div>
)

const StoreFigures = ({ point }: { point: Second }) => (
  <>
    <h2 class="stores">Stores</h2>
    <table class="sides stores">
      <thead>
        <tr>
          <td />
          <th scope="col">Redis</th>
          <th scope="col">Postgres</th>
        </tr>
      </thead>
      <tbody>
        <Row name="CPU" values={[share(point.cpuRedis), share(point.cpuPostgres)]} />
        <Row name="Memory" values={[megabytes(point.memoryRedisMb), megabytes(point.memoryPostgresMb)]} />
      </tbody>
    </table>
  </>
)

const Row = ({ name, values }: { name: string; values: string[] }) => (
  <tr>
    <th scope="row">{name}</th>
    {values.map((each) => (
      <td>{each}</td>
    ))}
  </tr>
)

const latency = (value: number | undefined) => (value === undefined ? "–" : milliseconds(value))
const share = (value: number | undefined) => (value === undefined ? "–" : `${figure(value * 100)} %`)
const megabytes = (value: number | undefined) => (value === undefined ? "–" : `${whole(value)} MiB`)

const Figure = ({
  name,
  value,
  unit = "",
  large = false,
}: {
  name: string
  value: string
  unit?: string
  large?: boolean
}) => (
  <div class={large ? "figure figure-large" : "figure"}>
    <dt>{name}</dt>
    <dd>
      {value}
      {unit === "" ? null : <small>{unit}</small>}
    </dd>
  </div>
)
