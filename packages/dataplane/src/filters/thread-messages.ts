/** What a thread that runs filters is started with. */
export interface FilterThreadData {
  /** The proxy's number in this process. */
  readonly proxy: number;
  /** The thread's own number. */
  readonly thread: number;
  /** The folder of modules. */
  readonly directory: string;
}

/** What such a thread tells its parent; never per request. */
export type FilterThreadMessage =
  | { readonly kind: "ready" }
  /** A filter threw; `untold` others before were not told of. */
  | { readonly kind: "failure"; readonly module: string; readonly message: string; readonly untold: number };
