import { readdirSync, readFileSync } from "node:fs";

/** Variable in every child's environment: the state directory of the mesh that it is part of. */
export const CHILD_MARK = "FAIRLEAD_LOCAL_CHILD_OF";

/**
 * Ends what an earlier run of the same state directory left behind because it was killed itself: processes whose environment names the directory.
 * Answers how many there were. Where /proc does not exist it finds none.
 */
export function endLeftovers(stateDirectory: string): number {
  const mark = `${CHILD_MARK}=${stateDirectory}`;
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
