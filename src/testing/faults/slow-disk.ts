/** Every fdatasync of this process takes 700 ms longer from now on, until the tracer ends. */
export const slowDisk = async (pid: number) => {
  const tracer = Bun.spawn(
    ["strace", "-f", "-p", String(pid), "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=700000"],
    { stdout: "ignore", stderr: "pipe" },
  )
  const reader = tracer.stderr.getReader()
  const said = new TextDecoder().decode((await reader.read()).value)
  if (!said.includes("attached")) throw new Error(`strace: ${said}`)
  void (async () => {
    while (!(await reader.read()).done);
  })().catch(() => {})
  // One fsync is under way by then.
  await Bun.sleep(1000)
  return tracer
}
