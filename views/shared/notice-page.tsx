import { Brand, Document, type Addresses } from "./document.tsx"

export const NoticePage = ({
  assets,
  heading,
  text,
  link,
}: {
  assets: Addresses
  heading: string
  text: string
  link?: { href: string; label: string }
}) => (
  <Document title={`${heading} · Traffic`} assets={assets}>
    <main class="plain">
      <Brand />
      <h1>{heading}</h1>
      <p>{text}</p>
      {link === undefined ? null : (
        <p>
          <a class="button" href={link.href}>
            {link.label}
          </a>
        </p>
      )}
    </main>
  </Document>
)
