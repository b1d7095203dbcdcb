import { readdirSync, readFileSync } from "node:fs";
import { type Clock, sleep } from "@fairlead/kit";

/** Variable in every child's environment: the state directory of the mesh that it is part of. */
export const CHILD_MARK = "FAIRLEAD_LOCAL_CHILD_OF";

const POLL_MS = 50;
const LIMIT_MS = 5_000;

/**
 * Ends what an earlier run of the same state directory left behind because it was killed itself: processes whose environment names the directory. Resolves
 * when they are gone. Where /proc does not exist it finds none.
 */
export async function endLeftovers(stateDirectory: string, clock: Clock): Promise<void> {
  const endMs = clock.monotonic() + LIMIT_MS;
  while (killMarked(`${CHILD_MARK}=${stateDirectory}`) > 0 && clock.monotonic() < endMs) await sleep(clock, POLL_MS);
}

/** Answers how many there were. A process that is dead but not buried has no environment any more. */
function killMarked(mark: string): number {
  let ended = 0;
  for (const name of listProcesses()) {
    const pid = Number(name);
    if (pid === process.pid || pid === process.ppid || !environmentOf(pid).split("\0").includes(mark)) continue;
    // What children start inherits the variable too and goes with their group.
    if (!leadsSession(pid)) continue;
    try {
      process.kill(-pid, "SIGKILL");
      ended += 1;
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return ended;
}

function listProcesses(): readonly string[] {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function environmentOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8");
  } catch {
    return "";
  }
}

/** Whether the process leads its own session and has no terminal: fields 5 to 7 of /proc/<pid>/stat (proc_pid_stat(5)). */
function leadsSession(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [, , group, session, terminal] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return Number(group) === pid && Number(session) === pid && Number(terminal) === 0;
  } catch {
    return false;
  }
}
