declare module "*.lua" {
  const text: string
  export default text
}
declare module "*.sql" {
  const text: string
  export default text
}
declare module "*.css" {
  const text: string
  export default text
}
declare const TRAFFIC_VERSION: string | undefined
