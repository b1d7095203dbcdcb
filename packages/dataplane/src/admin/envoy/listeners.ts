import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { UnreadyTargetsDumpsSchema } from "@fairlead/api/gen/envoy/admin/v3/init_dump_pb";
import { ListenersSchema, type ListenerStatusSchema } from "@fairlead/api/gen/envoy/admin/v3/listeners_pb";
import type { AdminPorts } from "../ports.ts";
import { formatOf } from "../query.ts";
import { toAddress } from "./address.ts";
import { readEngineDump } from "./engine-dump.ts";
import { formatMessage } from "./json.ts";

/** `/listeners`: names and where they are bound, or `envoy.admin.v3.Listeners` with `?format=json`. */
export async function formatListeners(
  ports: AdminPorts,
  query: URLSearchParams,
): Promise<{ readonly json: boolean; readonly text: string }> {
  const format = formatOf(query, ["text", "json"]);
  const bound = (await readEngineDump(ports.engine)).listeners.filter(({ boundAddresses }) => boundAddresses.length > 0);
  if (format === "json") {
    const message = create(ListenersSchema, { listenerStatuses: bound.map(toStatus) });
    return { json: true, text: formatMessage(ListenersSchema, message) };
  }
  const lines = bound.flatMap(({ name, boundAddresses }) => boundAddresses.map((address) => `${name}::${address}\n`));
  return { json: false, text: lines.join("") };
}

/** `/init_dump`: listeners that wait, and for which routes or secrets. */
export async function formatInitDump(ports: AdminPorts): Promise<string> {
  const { listeners } = await readEngineDump(ports.engine);
  const unreadyTargetsDumps = listeners.flatMap(({ name, waitingFor }) =>
    waitingFor === null ? [] : [{ name: `listener ${name}`, targetNames: [...waitingFor] }],
  );
  return formatMessage(UnreadyTargetsDumpsSchema, create(UnreadyTargetsDumpsSchema, { unreadyTargetsDumps }));
}

function toStatus({
  name,
  boundAddresses,
}: {
  readonly name: string;
  readonly boundAddresses: readonly string[];
}): MessageInitShape<typeof ListenerStatusSchema> {
  const [local, ...others] = boundAddresses.map(toAddress);
  return { name, ...(local === undefined ? {} : { localAddress: local }), additionalLocalAddresses: others };
}
