import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client"

export type Metrics = ReturnType<typeof openMetrics>

const bucketsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Labelled children are bound once, so that hot paths hash nothing. */
export const openMetrics = () => {
  const registers = [new Registry()]
  const registry = registers[0]!
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 20 })
  // These have no meaning on Bun.
  for (const name of [
    "nodejs_gc_duration_seconds",
    "nodejs_active_handles",
    "nodejs_active_requests",
    "nodejs_version_info",
    "nodejs_heap_space_size_total_bytes",
    "nodejs_heap_space_size_used_bytes",
    "nodejs_heap_space_size_available_bytes",
  ])
    registry.removeSingleMetric(name)
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    (registry.getSingleMetric(name) as Counter<T> | undefined) ?? new Counter({ name, help, labelNames, registers })
  // Processes that share a port see the same queue, so merging takes the largest.
  const gauge = <T extends string>(
    name: string,
    help: string,
    labelNames: readonly T[] = [],
    aggregator: "max" | "sum" = "max",
  ) => new Gauge({ name, help, labelNames, registers, aggregator })
  let source = () => registry.metrics()
  const routes = new Histogram({
    name: "traffic_http_request_seconds",
    help: "Time to answer, per route",
    labelNames: ["route"],
    buckets: bucketsSeconds,
    registers,
  })
  const bound = new Map<string, { observe(value: number): void }>()
  return {
    registry,
    /** For what one room alone counts: declared there, and once however often it is asked for. */
    counter,
    text: () => source(),
    readFrom: (merged: () => Promise<string>) => void (source = merged),
    joins: counter("traffic_joins_total", "Joins that were given a position for the first time"),
    joinsAgain: counter("traffic_joins_again_total", "Joins of accounts that had a position already"),
    admissions: gauge("traffic_admissions_total", "Admissions given since the sale opened", ["sale_id"]),
    shed: counter("traffic_shed_total", "Requests refused under overload, per class of work", ["class"]),
    inFlight: gauge("traffic_http_in_flight", "Requests in work, per class of work", ["class"], "sum"),
    inFlightLimit: gauge(
      "traffic_http_in_flight_limit",
      "Requests that may be in work at this moment, per class",
      ["class"],
      "sum",
    ),
    refusals: counter("traffic_refusals_total", "Answers that refuse by rule", ["code"]),
    errors: counter("traffic_errors_total", "Answers 500"),
    depth: gauge("traffic_queue_depth", "Accounts waiting", ["sale_id"]),
    nowServing: gauge("traffic_now_serving", "Highest position called", ["sale_id"]),
    shoppers: gauge("traffic_shoppers", "Accounts with a live admission", ["sale_id"]),
    seatsAvailable: gauge("traffic_seats_available", "Seats that can be held", ["sale_id"]),
    pending: gauge("traffic_http_pending_requests", "Requests being answered", [], "sum"),
    streams: gauge("traffic_streams_open", "Open event streams", [], "sum"),
    leader: gauge("traffic_scheduler_leader", "1 on the node that holds the scheduler's lease"),
    storeRestarts: gauge("traffic_store_restarts", "Restarts of supervised stores", ["store"]),
    clockOffset: gauge(
      "traffic_clock_offset_seconds",
      "By how much the clock of a store, or of the machine, is ahead of this node's time",
      ["store"],
    ),
    storeWorkDropped: counter(
      "traffic_store_work_dropped_total",
      "Transactions given up: too many waited (queue), one waited too long (wait) or took too long (work)",
      ["reason"],
    ),
    storeConnectionsReplaced: counter(
      "traffic_store_connections_replaced_total",
      "Connections on which a store no longer answered",
      ["pool"],
    ),
    storeLatency: new Histogram({
      name: "traffic_store_latency_seconds",
      help: "Round trip of a probe, per store",
      labelNames: ["store"],
      buckets: bucketsSeconds,
      registers,
    }),
    route: (name: string) => {
      const found = bound.get(name)
      if (found) return found
      const made = routes.labels(name)
      bound.set(name, made)
      return made
    },
  }
}
