// Scripts that the binary carries as text, for browsers.
declare module "htmx.org/dist/htmx.min.js" {
  const text: string
  export default text
}
declare module "*/views/shared/connection.js" {
  const text: string
  export default text
}
declare module "*/views/fan/fan.js" {
  const text: string
  export default text
}
declare module "*/views/fan/waiting.js" {
  const text: string
  export default text
}
declare module "*.svg" {
  const text: string
  export default text
}
