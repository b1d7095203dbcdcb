// How many stars each reviewer gave.
import { json, serve } from "./service.ts";

serve("ratings", (url) => {
  const match = /^\/ratings\/(\d+)$/.exec(url.pathname);
  if (match === null) return json({ error: `no such page: ${url.pathname}` }, 404);
  return json({ id: Number(match[1]), ratings: { Antipholus: 5, Dromio: 4 } });
});
