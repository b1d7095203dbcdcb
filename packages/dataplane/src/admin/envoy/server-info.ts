import { create, fromJson } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { MemorySchema } from "@fairlead/api/gen/envoy/admin/v3/memory_pb";
import { ServerInfo_State, ServerInfoSchema } from "@fairlead/api/gen/envoy/admin/v3/server_info_pb";
import { NodeSchema } from "@fairlead/api/gen/envoy/config/core/v3/base_pb";
import type { ProxyState } from "@fairlead/api";
import { VERSION } from "@fairlead/kit";
import { toNodeIdentity } from "../../bootstrap.ts";
import { parseStats } from "../../stats.ts";
import { readMemoryUse } from "../memory.ts";
import type { AdminPorts } from "../ports.ts";
import { formatMessage } from "./json.ts";

const STATES: Readonly<Record<ProxyState, ServerInfo_State>> = {
  starting: ServerInfo_State.INITIALIZING,
  ready: ServerInfo_State.LIVE,
  draining: ServerInfo_State.DRAINING,
  stopped: ServerInfo_State.DRAINING,
};

/** `/server_info` (`envoy.admin.v3.ServerInfo`). */
export function formatServerInfo(ports: AdminPorts): string {
  const { id, cluster, metadata, userAgentName, userAgentVersion } = toNodeIdentity(ports.settings);
  const node = {
    id,
    cluster,
    metadata: JSON.parse(JSON.stringify(metadata)),
    user_agent_name: userAgentName,
    user_agent_version: userAgentVersion,
  };
  // Whole seconds, as Envoy says it.
  const uptime = durationFromMs(Math.floor(ports.uptimeMs() / 1_000) * 1_000);
  const info = create(ServerInfoSchema, {
    version: `fairlead/${VERSION}`,
    state: STATES[ports.state()],
    uptimeCurrentEpoch: uptime,
    uptimeAllEpochs: uptime,
    commandLineOptions: {
      concurrency: ports.workers,
      logLevel: ports.logger.level,
      serviceCluster: cluster,
      serviceNode: id,
      drainTime: durationFromMs(ports.settings.drainMs),
    },
    node: fromJson(NodeSchema, node),
  });
  return formatMessage(ServerInfoSchema, info, { all: true });
}

/** `/memory` (`envoy.admin.v3.Memory`): what JavaScript and the engine have taken, and what the whole process has in memory. */
export async function formatMemory(ports: AdminPorts): Promise<string> {
  const { allocated, heapSize, free, physical } = readMemoryUse(parseStats(await ports.engine.stats()));
  const memory = create(MemorySchema, {
    allocated: BigInt(allocated),
    heapSize: BigInt(heapSize),
    pageheapFree: BigInt(free),
    totalPhysicalBytes: BigInt(physical),
  });
  return formatMessage(MemorySchema, memory, { all: true });
}
