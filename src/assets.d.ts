declare module "*.lua" {
  const text: string
  export default text
}
declare module "*.sql" {
  const text: string
  export default text
}
// Scripts of pages, and scenarios as the build bundles them: the binary carries them as text.
declare module "*.js" {
  const text: string
  export default text
}
declare module "*.css" {
  const text: string
  export default text
}
declare module "*.svg" {
  const text: string
  export default text
}
declare const TRAFFIC_VERSION: string | undefined
