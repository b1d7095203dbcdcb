/**
 * Which of the resources of a rejected response were the reason. Clients apply the good ones and name the others in their message; a message that names
 * none is about all.
 */
export function blamedResources(sent: readonly string[], message: string): readonly string[] {
  const named = sent.filter((name) => message.includes(name));
  // A name inside a longer one (`a` in `a_8080`) is not what the message is about.
  const longest = named.filter(
    (name) => !named.some((other) => other !== name && other.includes(name) && !withoutAll(message, other).includes(name)),
  );
  return longest.length === 0 ? sent : longest;
}

function withoutAll(text: string, part: string): string {
  return text.split(part).join("");
}

/** Longest rejection text that is kept: it comes from outside. */
const MAX_MESSAGE_LENGTH = 2_000;

export function boundedMessage(message: string): string {
  const text = message.trim();
  return text.length > MAX_MESSAGE_LENGTH ? `${text.slice(0, MAX_MESSAGE_LENGTH)}…` : text;
}
