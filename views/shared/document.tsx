import type { ComponentChildren } from "preact"

export type Addresses = { style: string; htmx: string; connection: string; icon: string }

/** Nothing of htmx that evaluates, stores or styles. */
const htmxConfig = JSON.stringify({
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  historyEnabled: false,
  attributesToSettle: ["class"],
  timeout: 8000,
})

/** What every page loads before it is shown; `children` come last. */
export const Head = ({
  title,
  assets: { icon, style },
  htmx = false,
  refresh,
  children,
}: {
  title: string
  assets: { icon: string; style: string }
  htmx?: boolean
  refresh?: string
  children: ComponentChildren
}) => (
  <head>
    <meta charset="utf-8" />
    <title>{title}</title>
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    {htmx ? <meta name="htmx-config" content={htmxConfig} /> : null}
    <link rel="icon" href={icon} type="image/svg+xml" />
    <link rel="stylesheet" href={style} />
    {refresh === undefined ? null : (
      <noscript>
        <meta http-equiv="refresh" content={refresh} />
      </noscript>
    )}
    {children}
  </head>
)

export const Document = ({
  title,
  assets,
  refreshAfterSec,
  bodyClass,
  children,
}: {
  title: string
  assets: Addresses
  refreshAfterSec?: number
  bodyClass?: string
  children: ComponentChildren
}) => (
  <html lang="en">
    <Head title={title} assets={assets} htmx refresh={refreshAfterSec === undefined ? undefined : `${refreshAfterSec}`}>
      <script src={assets.htmx} defer />
      <script src={assets.connection} defer />
    </Head>
    <body class={bodyClass}>{children}</body>
  </html>
)

export const Brand = () => (
  <span class="brand">
    <svg class="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" />
      <circle cx="8.5" cy="16" r="3" />
      <circle cx="16" cy="16" r="3" opacity=".65" />
      <path d="M22 9.5h2.6v13H22z" />
    </svg>
    Traffic
  </span>
)
