// The build bundles scenarios/<name>.ts into these; the binary carries them as text.
declare module "*/k6/launch_spike.js" {
  const text: string
  export default text
}
declare module "*/k6/refresh_storm.js" {
  const text: string
  export default text
}
declare module "*/k6/queue_fairness.js" {
  const text: string
  export default text
}
declare module "*/k6/backdoor_race.js" {
  const text: string
  export default text
}
declare module "*/k6/late_surge.js" {
  const text: string
  export default text
}
declare module "*/k6/reconnect_churn.js" {
  const text: string
  export default text
}
declare module "*/k6/baseline.js" {
  const text: string
  export default text
}
declare module "*/k6/bot_checkout.js" {
  const text: string
  export default text
}
declare module "*/k6/checkout_flow.js" {
  const text: string
  export default text
}
declare module "*/k6/mixed_workload.js" {
  const text: string
  export default text
}
declare module "*/k6/read_heavy.js" {
  const text: string
  export default text
}
declare module "*/k6/regions.js" {
  const text: string
  export default text
}
declare module "*/k6/soak.js" {
  const text: string
  export default text
}
declare module "*/k6/spike.js" {
  const text: string
  export default text
}
declare module "*/k6/second_sale_regression.js" {
  const text: string
  export default text
}
declare module "*/k6/scalper_network.js" {
  const text: string
  export default text
}
declare module "*/k6/capacity.js" {
  const text: string
  export default text
}
