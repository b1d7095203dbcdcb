import type { Details, Part, Reviews } from "./productpage.ts";

/** The product page as HTML, in one file: no script, no image, nothing from elsewhere. */
export function page(content: {
  readonly details: Part<Details>;
  readonly reviews: Part<Reviews>;
  readonly user: string | undefined;
}): string {
  const { details, reviews, user } = content;
  const title = "body" in details ? details.body.title : "Bookinfo";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
  <a class="brand" href="/productpage">Bookinfo</a>
  <span>${user === undefined ? `<a href="/productpage?user=jason">visit as jason</a>` : `visiting as <b>${escape(user)}</b> · <a href="/productpage">leave</a>`}</span>
</header>
<main>
  <h1>${escape(title)}</h1>
  <section>
    <h2>Details</h2>
    ${"body" in details ? detailsTable(details.body) : missing("details", details)}
  </section>
  <section>
    <h2>Reviews ${"body" in reviews ? `<small class="tag">served by reviews ${escape(reviews.body.version)}</small>` : ""}</h2>
    ${"body" in reviews ? reviews.body.reviews.map(quote).join("\n    ") : missing("reviews", reviews)}
  </section>
</main>
</body>
</html>
`;
}

function detailsTable(details: Details): string {
  const rows: readonly (readonly [string, string | number])[] = [
    ["Author", details.author],
    ["First published", details.year],
    ["Edition", `${details.type}, ${details.pages} pages, ${details.publisher}`],
    ["ISBN", details.isbn13],
  ];
  return `<dl>${rows.map(([name, value]) => `<dt>${name}</dt><dd>${escape(String(value))}</dd>`).join("")}</dl>`;
}

function quote(review: Reviews["reviews"][number]): string {
  const rating = review.rating;
  const stars =
    rating?.stars === undefined
      ? rating?.error === undefined
        ? ""
        : `<p class="missing">${escape(rating.error)}</p>`
      : `<p class="stars ${rating.color === "red" ? "red" : ""}" aria-label="${rating.stars} of 5 stars">${"★".repeat(rating.stars)}${"☆".repeat(5 - rating.stars)}</p>`;
  return `<blockquote><p>${escape(review.text)}</p>${stars}<footer>${escape(review.reviewer)}</footer></blockquote>`;
}

function missing(service: string, part: { readonly status: number; readonly error: string }): string {
  const status = part.status === 0 ? "no answer" : String(part.status);
  return `<p class="missing">Sorry, the ${service} are not available right now <small>(${status}: ${escape(part.error)})</small></p>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5d6b7e; --line: #dde3ea; --paper: #fff; --back: #f4f6f9; --accent: #2457c5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ecf3; --soft: #9aa8ba; --line: #2b3543; --paper: #161d27; --back: #0e131a; --accent: #84abff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--back); }
header { display: flex; justify-content: space-between; padding: .8rem 1.5rem; background: var(--paper); border-bottom: 1px solid var(--line); }
a { color: var(--accent); text-decoration: none; } .brand { font-weight: 700; color: var(--ink); }
main { max-width: 46rem; margin: 0 auto; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.9rem; margin: 1rem 0; } h2 { font-size: 1.1rem; margin: 0 0 .8rem; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: .7rem; padding: 1.1rem 1.3rem; margin: 1rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1.4rem; margin: 0; } dt { color: var(--soft); } dd { margin: 0; }
blockquote { margin: 0 0 1rem; padding-left: 1rem; border-left: 3px solid var(--line); } blockquote p { margin: 0; } blockquote footer { color: var(--soft); font-size: .9rem; }
.stars { font-size: 1.3rem; letter-spacing: .1em; } .stars.red { color: #d3382f; }
.tag { font-weight: 400; color: var(--soft); border: 1px solid var(--line); border-radius: 1rem; padding: .1rem .6rem; margin-left: .4rem; }
.missing { color: #c4570c; margin: 0; }
`;
