import { createSocket } from "node:dgram";
import { once } from "node:events";

const HEADER = 12;
const NAME_ERROR = 3;

/** A resolver for UDP that knows these names and denies others; the answer is a list that grows by each name it is asked for. */
export async function startResolver(host: string, addresses: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (question, { address, port }) => {
    const name = nameIn(question);
    asked.push(name);
    socket.send(encodeAnswer(question, addresses[name]), port, address);
  });
  socket.bind(53, host);
  await once(socket, "listening");
  return asked;
}

/** A question for the IPv4 addresses of a name (RFC 1035 section 4.1). */
export function encodeQuestion(host: string): Buffer {
  const labels = host.split(".").map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
  return Buffer.concat([Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]), ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}

function nameIn(question: Buffer): string {
  const labels: string[] = [];
  let at = HEADER;
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return labels.join(".").toLowerCase();
}

function encodeAnswer(question: Buffer, address: string | undefined): Buffer {
  const end = question.indexOf(0, HEADER) + 5;
  const isWanted = address !== undefined && question.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(question.subarray(0, end));
  head.writeUInt16BE(0x8180 | (address === undefined ? NAME_ERROR : 0), 2);
  head.writeUInt16BE(isWanted ? 1 : 0, 6);
  // Options are not answered: a resolver need not know them.
  head.fill(0, 8, HEADER);
  if (!isWanted) return head;
  return Buffer.concat([head, Buffer.from([0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4]), Buffer.from(address.split(".").map(Number))]);
}
