const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

export const bytesOfId = (id: string): Uint8Array => {
  const value = [...id].reduce((sum, each) => sum * 32n + BigInt(alphabet.indexOf(each)), 0n)
  return Buffer.from(value.toString(16).padStart(32, "0"), "hex")
}

export const idOfBytes = (bytes: Uint8Array): string => {
  let value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`)
  let id = ""
  for (let left = 26; left > 0; left--) {
    id = alphabet[Number(value % 32n)] + id
    value /= 32n
  }
  return id
}
