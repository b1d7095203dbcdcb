// An application for suites that need answers of their choice: `?delayMs=`, `?status=`.
import { startEchoServer } from "@fairlead/testkit";

await startEchoServer({
  name: process.env["NAME"] ?? "echo",
  host: process.env["HOST"] ?? "127.0.0.1",
  port: Number(process.env["PORT"] ?? 9080),
});
