/** What is loaded when somebody asks for it first: descriptors of xDS would cost a proxy that nobody asks more memory than the rest of its JavaScript. */
export { formatCertificates } from "./certificates.ts";
export { formatClusters } from "./clusters.ts";
export { formatConfigDump } from "./config-dump.ts";
export { formatInitDump, formatListeners } from "./listeners.ts";
export { formatMemory, formatServerInfo } from "./server-info.ts";
