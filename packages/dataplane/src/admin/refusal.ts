/** An answer other than 200; the error handler of `guard.ts` sends status and message. */
export class AdminRefusal extends Error {
  override readonly name = "AdminRefusal";
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}
