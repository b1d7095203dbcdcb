// The page a visitor sees: /productpage as HTML, /api/v1/products/0 as JSON. `?user=jason` or the header end-user says who is visiting.
import type { IncomingMessage } from "node:http";
import { page } from "./page.ts";
import { headersToForward, json, serve } from "./service.ts";

const detailsUrl = process.env["DETAILS_URL"] ?? "http://details:9080";
const reviewsUrl = process.env["REVIEWS_URL"] ?? "http://reviews:9080";

/** A part of the page: another service's answer, or why there is none. */
export type Part<Body> = { readonly status: number } & ({ readonly body: Body } | { readonly error: string });

export interface Details {
  readonly title: string;
  readonly author: string;
  readonly year: number;
  readonly type: string;
  readonly pages: number;
  readonly publisher: string;
  readonly isbn13: string;
}

export interface Reviews {
  readonly version: string;
  readonly ratingsStatus?: number;
  readonly reviews: readonly {
    readonly reviewer: string;
    readonly text: string;
    readonly rating?: { readonly stars?: number; readonly color?: string; readonly error?: string };
  }[];
}

serve("productpage", async (url, request) => {
  const product = /^\/api\/v1\/products\/(\d+)$/.exec(url.pathname);
  if (product !== null) return json({ id: Number(product[1]), ...(await fetchParts(Number(product[1]), url, request)) });
  if (url.pathname === "/api/v1/products") return json([{ id: 0, title: "The Comedy of Errors" }]);
  if (url.pathname === "/productpage" || url.pathname === "/") {
    const parts = await fetchParts(0, url, request);
    return { contentType: "text/html", body: page({ ...parts, user: userOf(url, request) }) };
  }
  return json({ error: `no such page: ${url.pathname}` }, 404);
});

function userOf(url: URL, request: IncomingMessage): string | undefined {
  const header = request.headers["end-user"];
  return url.searchParams.get("user") ?? (typeof header === "string" ? header : undefined);
}

async function fetchParts(
  id: number,
  url: URL,
  request: IncomingMessage,
): Promise<{ readonly details: Part<Details>; readonly reviews: Part<Reviews> }> {
  const user = userOf(url, request);
  const headers = { ...headersToForward(request.headers), ...(user === undefined ? {} : { "end-user": user }) };
  const [details, reviews] = await Promise.all([
    fetchPart<Details>(`${detailsUrl}/details/${id}`, headers),
    fetchPart<Reviews>(`${reviewsUrl}/reviews/${id}`, headers),
  ]);
  return { details, reviews };
}

/** A page with a part missing is better than none, so a failure is part of the page. */
async function fetchPart<Body>(url: string, headers: Record<string, string>): Promise<Part<Body>> {
  try {
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
    if (response.ok) return { status: response.status, body: (await response.json()) as Body };
    const text = (await response.text()).trim().slice(0, 200);
    return { status: response.status, error: text === "" ? `answered ${response.status}` : text };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined;
    return { status: 0, error: cause ?? (error instanceof Error ? error.message : String(error)) };
  }
}
