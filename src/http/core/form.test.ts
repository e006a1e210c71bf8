import { expect, test } from "bun:test"
import { isFault } from "../../fault.ts"
import { readForm } from "./form.ts"

const post = (headers: Record<string, string>, body = "scenario=launch_spike&vus_max=5") =>
  readForm(
    new Request("http://localhost:8080/lab/runs", {
      method: "POST",
      body,
      headers: {
        host: "localhost:8080",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": String(body.length),
        ...headers,
      },
    }),
  ).catch((error: unknown) => (isFault(error) ? error.code : error))

test("a form of our own page is read", async () => {
  expect(await post({ "sec-fetch-site": "same-origin" })).toEqual({ scenario: "launch_spike", vus_max: "5" })
})

test("an old browser that names no site has to name our origin", async () => {
  expect(await post({ origin: "http://localhost:8080" })).toEqual({ scenario: "launch_spike", vus_max: "5" })
  expect(await post({ origin: "http://localhost:9999" })).toBe("forbidden")
  expect(await post({ origin: "null" })).toBe("forbidden")
  expect(await post({})).toBe("forbidden")
})

test("another site is refused, even one on a sibling host or with our origin pasted in", async () => {
  expect(await post({ "sec-fetch-site": "cross-site" })).toBe("forbidden")
  expect(await post({ "sec-fetch-site": "same-site" })).toBe("forbidden")
  expect(await post({ "sec-fetch-site": "cross-site", origin: "http://localhost:8080" })).toBe("forbidden")
})

test("only a form of a sane size is read", async () => {
  expect(await post({ "sec-fetch-site": "same-origin", "content-type": "application/json" })).toBe(
    "unsupported_media_type",
  )
  expect(await post({ "sec-fetch-site": "same-origin", "content-length": "70000" })).toBe("body_too_large")
})

test("NUL in a field is refused before a store sees it, as in JSON", async () => {
  expect(await post({ "sec-fetch-site": "same-origin" }, "name=a%00b&key=k")).toBe("invalid_input")
})
