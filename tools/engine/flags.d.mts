/** The folder of the engine's Rust workspace. */
export const ENGINE: string;
/** The kept profile of where the engine spends its time. */
export const PROFILE: string;
export function profileFlags(): readonly string[] | undefined;
export function withFlags(environment: NodeJS.ProcessEnv, flags: readonly string[]): NodeJS.ProcessEnv;
