// What suites and the smoke run use of the CLI: a local mesh as an object, and the clients of the mesh's APIs.
export { CliError } from "./cli-error.ts";
export { createMixerClient, type MixerClient } from "./clients/mixer.ts";
export { createPilotClient, type PilotClient } from "./clients/pilot.ts";
export { createProxyAdminClient, findProxy, type MeshProxy, type ProxyAdminClient } from "./clients/proxy-admin.ts";
export type { CliContext } from "./context.ts";
export type { Child, ChildLine, ChildState } from "./local/child.ts";
export { createLayout, type MeshLayout } from "./local/layout.ts";
export { LocalMesh, type LocalMeshOptions } from "./local/local-mesh.ts";
export { type MeshFile, readMeshFile } from "./local/mesh-file.ts";
export { planMesh } from "./local/plan.ts";
export { readMeshFolder } from "./local/read-folder.ts";
export type { SettingsOptions } from "./local/settings-files.ts";
export { runCli } from "./program.ts";
export { createScreen, type Screen } from "./render/screen.ts";
export { createStyle, type Style, wantsColor } from "./render/style.ts";
export { type Column, renderTable } from "./render/table.ts";
export { formatCount, formatShare } from "./render/units.ts";
