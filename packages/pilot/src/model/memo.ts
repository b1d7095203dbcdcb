/** Remembers the answer for each object and key as long as the object lives. */
export function memoByKey<Input extends object, Output>(
  compute: (input: Input, key: string) => Output,
): (input: Input, key: string) => Output {
  const answers = new WeakMap<Input, Map<string, Output>>();
  return (input, key) => {
    let byKey = answers.get(input);
    if (byKey === undefined) answers.set(input, (byKey = new Map()));
    let answer = byKey.get(key);
    if (answer === undefined && !byKey.has(key)) byKey.set(key, (answer = compute(input, key)));
    return answer as Output;
  };
}

/** Remembers the answer for each object as long as it lives. */
export function memo<Input extends object, Output extends object>(compute: (input: Input) => Output): (input: Input) => Output {
  const answers = new WeakMap<Input, Output>();
  return (input) => {
    let answer = answers.get(input);
    if (answer === undefined) answers.set(input, (answer = compute(input)));
    return answer;
  };
}
