import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { failure, type Result, type SpiffeId, success } from "@fairlead/kit";
import { z } from "zod";
import type { Attestor } from "./attestor.ts";

const joinTokensSchema = z.array(
  z.strictObject({
    /** SHA-256 of the token in hex: the file alone does not let anyone join. */
    tokenSha256: z.string().regex(/^[0-9a-f]{64}$/),
    namespace: z.string(),
    serviceAccount: z.string(),
  }),
);

/** Attests by a random token that was handed to one workload. */
export function joinTokenAttestor(options: { readonly joinTokensFile: string; readonly trustDomain: string }): Attestor {
  return {
    name: "join-token",
    async attest({ token }): Promise<Result<SpiffeId, string> | undefined> {
      if (token === undefined) return undefined;
      const presented = createHash("sha256").update(token).digest();
      const entries = joinTokensSchema.parse(JSON.parse(await readFile(options.joinTokensFile, "utf8")));
      const entry = entries.find((candidate) => timingSafeEqual(Buffer.from(candidate.tokenSha256, "hex"), presented));
      if (entry === undefined) return failure("unknown join token");
      return success({ trustDomain: options.trustDomain, namespace: entry.namespace, serviceAccount: entry.serviceAccount });
    },
  };
}
