/** Where a certificate and its key come from: the workload's own identity (secret `default`), or files beside the proxy. */
export type CertificateSource =
  | { readonly kind: "workload" }
  | { readonly kind: "files"; readonly certificateFile: string; readonly privateKeyFile: string };

/** Whom to trust: the mesh's roots (secret `ROOTCA`), or a PEM file beside the proxy. */
export type TrustSource =
  | { readonly kind: "mesh" }
  | {
      readonly kind: "file";
      readonly file: string;
      /** Certificates that were revoked. */
      readonly revokedFile: string | undefined;
    };

/** Name of the secret with the workload's certificate and key. */
export const WORKLOAD_SECRET = "default";
/** Name of the secret with the roots of the mesh. */
export const ROOT_SECRET = "ROOTCA";
