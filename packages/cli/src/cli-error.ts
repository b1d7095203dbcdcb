/** Something the user can do something about: printed without a stack, with what to do. */
export class CliError extends Error {
  override readonly name = "CliError";
  /** What to do, as a sentence fragment or a command. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}
