import { peerSpiffeId } from "@fairlead/identity";
import { failure } from "@fairlead/kit";
import type { Attestor } from "./attestor.ts";

/** Attests by a certificate of our own that TLS has verified: how workloads renew. */
export function clientCertificateAttestor(options: { readonly trustDomain: string }): Attestor {
  return {
    name: "client-certificate",
    async attest({ call }) {
      if (call.getAuthContext().sslPeerCertificate === undefined) return undefined;
      const id = peerSpiffeId(call);
      if (id.ok && id.value.trustDomain !== options.trustDomain) return failure(`"${id.value.trustDomain}" is not this trust domain`);
      return id;
    },
  };
}
