/** A thread's place at its proxy. */
export interface FilterPlace {
  /** The questions since the last call, one frame behind the other. */
  take(): Buffer;
  /** Hands over answers, which are copied. */
  answer(batch: Buffer): void;
}

/** Takes part in the proxy of that number, as its thread `thread`; `wake` is called when there are questions to take. */
export async function attachFilterThread(proxy: number, thread: number, wake: () => void): Promise<FilterPlace> {
  const addon = await import("@fairlead/dataplane-native");
  const place = addon.attachFilterThread(proxy, thread, wake);
  return {
    take: () => addon.takeFilterQuestions(place),
    answer: (batch) => addon.answerFilterQuestions(place, batch),
  };
}
