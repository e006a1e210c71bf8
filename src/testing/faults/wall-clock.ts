import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findPostgres, findProgram } from "../../programs.ts"

/**
 * A wall clock that can be stepped for whole processes: a library put before the C library's time functions adds an offset from a file.
 * `path` has a redis-server, a postgres and an initdb under it; `env` puts a node under it.
 */
export const openWallClock = () => {
  const folder = mkdtempSync(join(tmpdir(), "traffic-clock-"))
  chmodSync(folder, 0o755)
  const [file, library] = [join(folder, "offset"), join(folder, "clock.so")]
  const set = (offsetSeconds: number) => writeFileSync(file, `${offsetSeconds}`, { mode: 0o644 })
  set(0)
  const made = Bun.spawnSync(
    ["cc", "-shared", "-fPIC", "-O2", `-DOFFSET_FILE="${file}"`, "-x", "c", "-o", library, "-"],
    { stdin: Buffer.from(clockSource), stderr: "pipe" },
  )
  if (made.exitCode !== 0) throw new Error(`cc: ${made.stderr.toString()}`)
  const postgres = findPostgres()?.folder
  for (const program of [findProgram("redis-server"), `${postgres}/postgres`, `${postgres}/initdb`]) {
    if (!program || !existsSync(program)) throw new Error("a store is missing: run ./scripts/setup")
    const wrapper = join(folder, program.split("/").at(-1)!)
    writeFileSync(wrapper, `#!/bin/sh\nLD_PRELOAD=${library} exec ${program} "$@"\n`, { mode: 0o755 })
  }
  return {
    path: folder,
    env: { LD_PRELOAD: library },
    set,
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const clockSource = `
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset_seconds(void) {
  int before = errno;
  char text[24];
  long value = 0, sign = 1;
  int file = syscall(SYS_openat, AT_FDCWD, OFFSET_FILE, O_RDONLY | O_CLOEXEC);
  if (file >= 0) {
    long length = syscall(SYS_read, file, text, sizeof text);
    syscall(SYS_close, file);
    for (long i = 0; i < length; i++) {
      if (text[i] == '-') sign = -1;
      else value = value * 10 + text[i] - '0';
    }
  }
  errno = before;
  return sign * value;
}
int clock_gettime(clockid_t id, struct timespec *at) {
  int result = syscall(SYS_clock_gettime, id, at);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) at->tv_sec += offset_seconds();
  return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return 0;
}
time_t time(time_t *at) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}
`
