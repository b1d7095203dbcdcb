// What is known about a book.
import { json, serve } from "./service.ts";

serve("details", (url) => {
  const match = /^\/details\/(\d+)$/.exec(url.pathname);
  if (match === null) return json({ error: `no such page: ${url.pathname}` }, 404);
  return json({
    id: Number(match[1]),
    title: "The Comedy of Errors",
    author: "William Shakespeare",
    year: 1623,
    type: "paperback",
    pages: 144,
    publisher: "Ephesus Press",
    language: "English",
    isbn13: "978-0-00-000000-2",
  });
});
