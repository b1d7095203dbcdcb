export { type FolderTexts, readFolder, readTexts, watchFiles } from "./files.ts";
export { createFolder, type Folder } from "./folder.ts";
export { createMemorySource, type MemorySource } from "./memory.ts";
export type { Source, SourceChange } from "./source.ts";
