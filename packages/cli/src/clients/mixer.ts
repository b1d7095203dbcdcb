import {
  accessLogsAnswerSchema,
  type AccessLogsAnswer,
  type AccessLogsQuery,
  requestsAnswerSchema,
  type RequestsAnswer,
  type RequestsQuery,
  topologyAnswerSchema,
  type TopologyAnswer,
  type TopologyQuery,
  workloadsAnswerSchema,
  type WorkloadsAnswer,
} from "@fairlead/api";
import type { z } from "zod";
import { CliError } from "../cli-error.ts";
import { requestJson, toQuery } from "./http-json.ts";

/** Mixer's telemetry query API, typed. */
export interface MixerClient {
  requests(query: RequestsQuery): Promise<RequestsAnswer>;
  topology(query: TopologyQuery): Promise<TopologyAnswer>;
  accessLogs(query: AccessLogsQuery): Promise<AccessLogsAnswer>;
  workloads(): Promise<WorkloadsAnswer>;
}

export function createMixerClient(queryAddress: string): MixerClient {
  const ask = async <Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<z.output<Schema>> => {
    const answer = await requestJson({ address: queryAddress, path: `/api/v1/${path}${toQuery(query)}`, who: "mixer" });
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new CliError(
      `mixer's answer to ${path} is not understood: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
      "are fairlead and the mesh of one version?",
    );
  };
  return {
    requests: (query) => ask(requestsAnswerSchema, "requests", { ...query }),
    topology: (query) => ask(topologyAnswerSchema, "topology", { ...query }),
    accessLogs: (query) =>
      ask(accessLogsAnswerSchema, "access-logs", { ...query, limit: query.limit === undefined ? undefined : Number(query.limit) }),
    workloads: () => ask(workloadsAnswerSchema, "workloads"),
  };
}
