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
