/** The version of the whole product; every package carries the same. */
export const VERSION = "0.1.0";
