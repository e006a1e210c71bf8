import { expect, test } from "bun:test"
import { createHmac, createSign, generateKeyPairSync } from "node:crypto"
import fc from "fast-check"
import { newId, type AccountId, type AdmissionId, type SaleId } from "../ids.ts"
import { epochMs, later, millis, minutes, type EpochMs } from "../units.ts"
import { deriveKeys, type Purpose } from "./signing-keys.ts"
import type { Admission } from "../admission.ts"
import { openTokens, type SigningKey } from "./tokens.ts"

const start = epochMs(Date.parse("2027-05-01T10:00:00Z"))
const first: SigningKey = { kid: "k1", secret: "one secret of more than thirty-two characters" }
const second: SigningKey = { kid: "k2", secret: "another secret of more than thirty-two chars" }
const ada = newId<AccountId>(start)
const bob = newId<AccountId>(start)
const sale = newId<SaleId>(start)
const otherSale = newId<SaleId>(start)
const admission: Admission = {
  admissionId: newId<AdmissionId>(start),
  saleId: sale,
  accountId: ada,
  grantedAt: later(start, millis(-1234)),
  endsAt: later(start, millis(599_567)),
}
const receipt = { saleId: sale, accountId: ada, position: 812, joinedAt: start }

const freshTokens = (keys: SigningKey[] = [first]) => {
  let now = start
  const tokens = openTokens({ keys, clock: () => now })
  return { ...tokens, moveTo: (at: EpochMs) => void (now = at) }
}

const encoded = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
const decoded = (token: string, part: 0 | 1): Record<string, unknown> =>
  JSON.parse(Buffer.from(token.split(".")[part]!, "base64url").toString())
const signedWith = (key: string | Uint8Array, header: unknown, claims: unknown) => {
  const signed = `${encoded(header)}.${encoded(claims)}`
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`
}
const keyOf = (purpose: Purpose, key = first) => deriveKeys([key], purpose)[0]!.bytes

test("an account token names its account", async () => {
  const tokens = freshTokens()
  const token = await tokens.signAccount(ada)
  expect(tokens.verifyAccount(token)).toBe(ada)
  expect(tokens.verifyAccount(token)).toBe(ada)
  expect(freshTokens().verifyAccount(token)).toBe(ada)
  expect(decoded(token, 0)).toEqual({ alg: "HS256", kid: "k1", typ: "account+jwt" })
  expect(decoded(token, 1)).toMatchObject({
    typ: "account",
    iss: "traffic",
    aud: "traffic:account",
    sub: ada,
    exp: start / 1000 + 43_200,
  })
})

test("an account token ends after 12 hours, also where it was verified before", async () => {
  const tokens = freshTokens()
  const token = await tokens.signAccount(ada)
  for (const [at, who] of [
    [0, ada],
    [43_199_999, ada],
    [43_200_000, undefined],
    [43_199_999, ada],
    [86_400_000, undefined],
  ] as const) {
    tokens.moveTo(later(start, millis(at)))
    expect(tokens.verifyAccount(token)).toBe(who)
  }
})

test("an admission token says which admission it is, to the millisecond", async () => {
  const tokens = freshTokens()
  const token = await tokens.signAdmission(admission)
  expect(tokens.verifyAdmission(token, sale)).toEqual(admission)
  tokens.moveTo(later(admission.endsAt, millis(-1)))
  expect(tokens.verifyAdmission(token, sale)).toEqual(admission)
  tokens.moveTo(admission.endsAt)
  expect(tokens.verifyAdmission(token, sale)).toBeUndefined()
})

test("an admission that has ended is still known as one of ours, of its sale and account", async () => {
  const tokens = freshTokens()
  const token = await tokens.signAdmission(admission)
  tokens.moveTo(later(admission.endsAt, minutes(600)))
  for (let look = 0; look < 3; look++) {
    expect(tokens.verifyEverAdmitted(token, sale)).toEqual(admission)
    expect(tokens.verifyEverAdmitted(token, otherSale)).toBeUndefined()
    expect(tokens.verifyEverAdmitted(`${token.slice(0, -4)}AAAA`, sale)).toBeUndefined()
    expect(tokens.verifyAdmission(token, sale)).toBeUndefined()
  }
})

test("an admission to one sale opens no other", async () => {
  const tokens = freshTokens()
  const token = await tokens.signAdmission(admission)
  expect(tokens.verifyAdmission(token, otherSale)).toBeUndefined()
  expect(tokens.verifyAdmission(token, sale)).toEqual(admission)
  expect(tokens.verifyAdmission(token, otherSale)).toBeUndefined()
})

test("the same admission gives the same bytes, on another node and at another time", async () => {
  const here = freshTokens()
  const there = freshTokens()
  there.moveTo(later(start, minutes(5)))
  const token = await here.signAdmission(admission)
  expect(await here.signAdmission({ ...admission })).toBe(token)
  expect(await there.signAdmission(admission)).toBe(token)
  expect(await here.signAdmission({ ...admission, endsAt: later(admission.endsAt, millis(1)) })).not.toBe(token)
})

test("a receipt says who joined, at which position and when", () => {
  const tokens = freshTokens()
  const text = tokens.signReceipt(receipt)
  expect(text.length).toBeLessThan(150)
  expect(tokens.signReceipt({ ...receipt })).toBe(text)
  expect(freshTokens().verifyReceipt(text)).toEqual(receipt)
})

test("no kind of token passes as another", async () => {
  const tokens = freshTokens()
  const account = await tokens.signAccount(ada)
  const admitted = await tokens.signAdmission(admission)
  const joined = tokens.signReceipt(receipt)
  expect([
    tokens.verifyAccount(account),
    tokens.verifyAdmission(admitted, sale),
    tokens.verifyReceipt(joined),
  ]).not.toContain(undefined)
  for (const other of [admitted, joined]) expect(tokens.verifyAccount(other)).toBeUndefined()
  for (const other of [account, joined]) expect(tokens.verifyAdmission(other, sale)).toBeUndefined()
  for (const other of [account, admitted]) expect(tokens.verifyReceipt(other)).toBeUndefined()
})

test("a kind is refused as another even when it is signed with the other's key", async () => {
  const tokens = freshTokens()
  const account = await tokens.signAccount(ada)
  const admitted = await tokens.signAdmission(admission)
  const accountHeader = decoded(account, 0)
  const admissionHeader = decoded(admitted, 0)
  expect(tokens.verifyAccount(signedWith(keyOf("account"), accountHeader, decoded(account, 1)))).toBe(ada)
  expect(tokens.verifyAdmission(signedWith(keyOf("admission"), admissionHeader, decoded(admitted, 1)), sale)).toEqual(
    admission,
  )
  expect(tokens.verifyAccount(signedWith(keyOf("account"), accountHeader, decoded(admitted, 1)))).toBeUndefined()
  expect(tokens.verifyAccount(signedWith(keyOf("account"), admissionHeader, decoded(account, 1)))).toBeUndefined()
  expect(
    tokens.verifyAdmission(signedWith(keyOf("admission"), admissionHeader, decoded(account, 1)), sale),
  ).toBeUndefined()
  expect(
    tokens.verifyAdmission(signedWith(keyOf("admission"), accountHeader, decoded(admitted, 1)), sale),
  ).toBeUndefined()
})

test("each kind has a key of its own, and none is the secret", () => {
  const bytes = (["account", "admission", "receipt"] as const).map((purpose) =>
    Buffer.from(keyOf(purpose)).toString("hex"),
  )
  expect(new Set([...bytes, Buffer.from(first.secret).toString("hex")]).size).toBe(4)
  expect(bytes.map((each) => each.length)).toEqual([64, 64, 64])
})

test("both keys verify while they are rotated, and a withdrawn one does not", async () => {
  const before = freshTokens([first])
  const between = freshTokens([second, first])
  const after = freshTokens([second])
  const old = {
    account: await before.signAccount(ada),
    admission: await before.signAdmission(admission),
    receipt: before.signReceipt(receipt),
  }
  const fresh = {
    account: await between.signAccount(ada),
    admission: await between.signAdmission(admission),
    receipt: between.signReceipt(receipt),
  }
  expect(decoded(fresh.account, 0).kid).toBe("k2")
  for (const [tokens, given, good] of [
    [between, old, true],
    [between, fresh, true],
    [after, fresh, true],
    [after, old, false],
    [before, fresh, false],
  ] as const) {
    expect(tokens.verifyAccount(given.account)).toBe(good ? ada : undefined)
    expect(tokens.verifyAdmission(given.admission, sale)).toEqual(good ? admission : undefined)
    expect(tokens.verifyReceipt(given.receipt)).toEqual(good ? receipt : undefined)
  }
})

test("a key of the same kid with another secret signs nothing that we accept", async () => {
  const forged = freshTokens([{ ...first, secret: second.secret }])
  const tokens = freshTokens()
  expect(tokens.verifyAccount(await forged.signAccount(ada))).toBeUndefined()
  expect(tokens.verifyAdmission(await forged.signAdmission(admission), sale)).toBeUndefined()
  expect(tokens.verifyReceipt(forged.signReceipt(receipt))).toBeUndefined()
})

const flipped = (text: string, at: number) => text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1)

/** Every token here is wrong in one way; each is made from a good one. */
const badAccountTokens = async () => {
  const good = await freshTokens().signAccount(ada)
  const [header, payload, signature] = good.split(".") as [string, string, string]
  const key = keyOf("account")
  const head = decoded(good, 0)
  const claims = decoded(good, 1)
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  })
  const rsaSigned = `${encoded({ ...head, alg: "RS256" })}.${payload}`
  const withHeader = (changed: Record<string, unknown>) => signedWith(key, { ...head, ...changed }, claims)
  const withClaims = (changed: Record<string, unknown>) => signedWith(key, head, { ...claims, ...changed })
  const without = (claim: string) =>
    signedWith(key, head, Object.fromEntries(Object.entries(claims).filter(([name]) => name !== claim)))
  const text = JSON.stringify(claims)
  const bad: Record<string, string> = {
    nothing: "",
    "two dots": "..",
    words: "not a token",
    "alg none, no signature": `${encoded({ ...head, alg: "none" })}.${payload}.`,
    "alg None, old signature": `${encoded({ ...head, alg: "None" })}.${payload}.${signature}`,
    "alg none, signed": withHeader({ alg: "none" }),
    "alg HS512 in the header": withHeader({ alg: "HS512" }),
    "alg RS256, signed by a stranger": `${rsaSigned}.${createSign("RSA-SHA256").update(rsaSigned).sign(privateKey).toString("base64url")}`,
    "HMAC under a public key": signedWith(publicKey, head, claims),
    "HMAC under the raw secret": signedWith(first.secret, head, claims),
    "HMAC under an empty key": signedWith("", head, claims),
    "HMAC under the kid": signedWith("k1", head, claims),
    "empty signature": `${header}.${payload}.`,
    "no signature segment": `${header}.${payload}`,
    "fourth segment": `${good}.${signature}`,
    "empty fourth segment": `${good}.`,
    "leading dot": `.${good}`,
    "swapped segments": `${payload}.${header}.${signature}`,
    "missing header": `.${payload}.${signature}`,
    "missing payload": `${header}..${signature}`,
    "flipped header byte": `${flipped(header, 5)}.${payload}.${signature}`,
    "flipped payload byte": `${header}.${flipped(payload, 30)}.${signature}`,
    "flipped signature byte": `${header}.${payload}.${flipped(signature, 20)}`,
    "cut signature": good.slice(0, -1),
    "long signature": `${good}A`,
    "padded signature": `${good}=`,
    "other spelling of the same signature": `${header}.${payload}.${signature.slice(0, -1)}${sibling(signature.at(-1)!)}`,
    "wide characters in the signature": `${header}.${payload}.${"é".repeat(43)}`,
    "space before": ` ${good}`,
    "line break after": `${good}\n`,
    "NUL after": `${good}\0`,
    "upper case": good.toUpperCase(),
    "another account's payload": `${header}.${encoded({ ...claims, sub: bob })}.${signature}`,
    "unknown kid": withHeader({ kid: "k9" }),
    "no kid": signedWith(key, { alg: "HS256", typ: "account+jwt" }, claims),
    "kid a path": withHeader({ kid: "../../../dev/null" }),
    "kid a statement": withHeader({ kid: "k1' or '1'='1" }),
    "kid a number": withHeader({ kid: 1 }),
    "kid a prototype member": withHeader({ kid: "__proto__" }),
    "jwk in the header": withHeader({ jwk: { kty: "oct", k: encoded("mine") } }),
    "jku in the header": withHeader({ jku: "https://example.com/keys" }),
    "x5u in the header": withHeader({ x5u: "https://example.com/cert" }),
    "crit in the header": withHeader({ crit: ["exp"] }),
    "b64 false in the header": withHeader({ b64: false, crit: ["b64"] }),
    "header typ JWT": withHeader({ typ: "JWT" }),
    "header not JSON": signedWith(key, "{", claims),
    "header twice the same member": signedWith(
      key,
      `{"alg":"HS256","kid":"k1","typ":"account+jwt","alg":"none"}`,
      claims,
    ),
    "1 MB": `${header}.${"A".repeat(1 << 20)}.${signature}`,
    "1 MB, signed": withClaims({ note: "x".repeat(1 << 20) }),
    dots: ".".repeat(2000),
    expired: withClaims({ exp: start / 1000 }),
    "exp a string": withClaims({ exp: String(claims.exp) }),
    "exp a fraction": withClaims({ exp: Number(claims.exp) + 0.5 }),
    "exp null": withClaims({ exp: null }),
    "exp beyond all numbers": signedWith(key, head, text.replace(/"exp":\d+/, `"exp":1e999`)),
    "exp negative": withClaims({ exp: -1 }),
    "no exp": without("exp"),
    "nbf ahead": withClaims({ nbf: Number(claims.exp) - 1 }),
    "iat a string": withClaims({ iat: "now" }),
    "no iat": without("iat"),
    "wrong iss": withClaims({ iss: "someone" }),
    "no iss": without("iss"),
    "wrong aud": withClaims({ aud: `traffic:sale:${sale}` }),
    "aud a list": withClaims({ aud: ["traffic:account"] }),
    "no aud": without("aud"),
    "wrong typ": withClaims({ typ: "admission" }),
    "no typ": without("typ"),
    "sub no id": withClaims({ sub: "admin" }),
    "sub lower case": withClaims({ sub: ada.toLowerCase() }),
    "sub a list": withClaims({ sub: [ada] }),
    "no sub": without("sub"),
    "one claim too many": withClaims({ admin: true }),
    "claim twice": signedWith(key, head, text.replace(`"sub":`, `"sub":"${bob}","sub":`)),
    "__proto__ instead of iss": signedWith(key, head, text.replace(`"iss":"traffic"`, `"__proto__":{"iss":"traffic"}`)),
    "claims with spaces": signedWith(key, head, JSON.stringify(claims, undefined, 1)),
    "claims a list": signedWith(key, head, Object.values(claims)),
    "claims null": signedWith(key, head, "null"),
    "claims a string": signedWith(key, head, `"${ada}"`),
    "claims not JSON": signedWith(key, head, "{"),
    "claims empty": signedWith(key, head, {}),
    "claims not text": signedWith(key, head, Buffer.from([255, 254, 0, 1]).toString("latin1")),
  }
  return { good, bad }
}

/** The last of 43 characters carries four bits: three neighbours decode to the same bytes. */
const sibling = (last: string) => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
  return alphabet[alphabet.indexOf(last) ^ 1]!
}

test("every forged, cut, stretched or mistyped account token is refused, before and after the good one was seen", async () => {
  const { good, bad } = await badAccountTokens()
  const tokens = freshTokens()
  expect(Object.keys(bad).length).toBeGreaterThanOrEqual(40)
  expect(new Set([good, ...Object.values(bad)]).size).toBe(Object.keys(bad).length + 1)
  for (let round = 0; round < 2; round++) {
    for (const [name, token] of Object.entries(bad))
      expect([name, tokens.verifyAccount(token)]).toEqual([name, undefined])
    expect(tokens.verifyAccount(good)).toBe(ada)
  }
})

test("every forged admission is refused", async () => {
  const tokens = freshTokens()
  const good = await tokens.signAdmission(admission)
  const key = keyOf("admission")
  const head = decoded(good, 0)
  const claims = decoded(good, 1)
  const changes: Record<string, unknown>[] = [
    { aud: `traffic:sale:${otherSale}` },
    { aud: "traffic:sale:" },
    { aud: "traffic:account" },
    { aud: [claims.aud] },
    { sub: bob + "x" },
    { sub: 7 },
    { jti: "one" },
    { jti: null },
    { granted_ms: claims.ends_ms },
    { granted_ms: "0" },
    { granted_ms: -5 },
    { ends_ms: Number(claims.ends_ms) + 60_000 },
    { exp: Number(claims.exp) + 1 },
    { ends_ms: start, exp: Math.ceil(start / 1000) },
    { typ: "account" },
    { iss: "x" },
    { extra: 1 },
    { nbf: 1 },
    { ends_ms: Number(claims.ends_ms) + 0.5 },
    { ends_ms: 1e300, exp: 1e297 },
  ]
  expect(tokens.verifyAdmission(signedWith(key, head, claims), sale)).toEqual(admission)
  for (const change of changes)
    expect([change, tokens.verifyAdmission(signedWith(key, head, { ...claims, ...change }), sale)]).toEqual([
      change,
      undefined,
    ])
})

test("every changed receipt is refused", () => {
  const tokens = freshTokens()
  const good = tokens.signReceipt(receipt)
  const key = deriveKeys([first], "receipt")[0]!
  const signed = (text: string) => `${text}.${key.mac(text)}`
  expect(tokens.verifyReceipt(signed(`k1.${sale}-${ada}-812-${start}`))).toEqual(receipt)
  const bad = [
    "",
    "..",
    good + "A",
    good.slice(0, -1),
    ` ${good}`,
    `${good}\n`,
    good.toLowerCase(),
    flipped(good, 40),
    flipped(good, good.length - 5),
    good.replace("-812-", "-1-"),
    good.replace("-812-", "-0812-"),
    good.replace(ada, bob),
    good.replace("k1.", "k2."),
    good.replace("k1.", "__proto__."),
    signed(`k9.${sale}-${ada}-812-${start}`),
    signed(`k1.${sale}-${ada}-0-${start}`),
    signed(`k1.${sale}-${ada}--1-${start}`),
    signed(`k1.${sale}-${ada}-1.5-${start}`),
    signed(`k1.${sale}-${ada}-9999999999999999-${start}`),
    signed(`k1.${"Z".repeat(26)}-${ada}-812-${start}`),
    signed(`k1.${sale}-${ada}-812`),
    signed(`k1.${sale}-${ada}-812-${start}-1`),
    good.replace(/[^.]+$/, ""),
    "k1." + "A".repeat(1 << 20),
  ]
  for (const text of bad) expect([text, tokens.verifyReceipt(text)]).toEqual([text, undefined])
})

test("no mutation of a good token verifies", async () => {
  const tokens = freshTokens()
  const account = await tokens.signAccount(ada)
  const admitted = await tokens.signAdmission(admission)
  const joined = tokens.signReceipt(receipt)
  const verifies = (text: string) =>
    tokens.verifyAccount(text) !== undefined ||
    tokens.verifyAdmission(text, sale) !== undefined ||
    tokens.verifyReceipt(text) !== undefined
  for (const good of [account, admitted, joined]) expect(verifies(good)).toBe(true)
  const character = fc.oneof(fc.constantFrom(...".-_=AQgw09 \n\0é{}", ""), fc.string({ minLength: 1, maxLength: 3 }))
  fc.assert(
    fc.property(
      fc.constantFrom(account, admitted, joined),
      fc.nat(500),
      fc.nat(4),
      character,
      (good, where, cut, put) => {
        const at = where % (good.length + 1)
        const mutated = good.slice(0, at) + put + good.slice(at + cut)
        return mutated === good || !verifies(mutated)
      },
    ),
    { numRuns: 3000 },
  )
})

test("keys that cannot be safe are refused with a sentence", () => {
  const opened = (keys: SigningKey[]) => () => openTokens({ keys, clock: () => start })
  expect(opened([])).toThrow("There is no signing key")
  expect(opened([first, { ...second, kid: "k1" }])).toThrow("same kid")
  expect(opened([{ ...first, kid: "a.b" }])).toThrow("kid")
  expect(opened([{ ...first, secret: "short" }])).toThrow("at least 32 characters")
})
