// What readers wrote: version 1 without stars, version 2 with black and version 3 with red ones.
import { headersToForward, json, serve } from "./service.ts";

const version = process.env["VERSION"] ?? "v1";
const ratingsUrl = process.env["RATINGS_URL"] ?? "http://ratings:9080";
const starColor = { v2: "black", v3: "red" }[version];

const REVIEWS = [
  {
    reviewer: "Antipholus",
    text: "Two pairs of twins, one town, and not a quiet minute. I laughed out loud on the train.",
  },
  {
    reviewer: "Dromio",
    text: "Light as a feather. Read it in one evening and lend it to a friend the next.",
  },
];

serve(`reviews ${version}`, async (url, request) => {
  const match = /^\/reviews\/(\d+)$/.exec(url.pathname);
  if (match === null) return json({ error: `no such page: ${url.pathname}` }, 404);
  const id = Number(match[1]);
  if (starColor === undefined) return json({ id, version, reviews: REVIEWS });
  const ratings = await fetchRatings(id, headersToForward(request.headers));
  const reviews = REVIEWS.map((review) => ({
    ...review,
    rating: "stars" in ratings ? { stars: ratings.stars[review.reviewer], color: starColor } : { error: ratings.error },
  }));
  return json({ id, version, ratingsStatus: ratings.status, reviews });
});

type Ratings = { readonly status: number } & ({ readonly stars: Readonly<Record<string, number>> } | { readonly error: string });

/** Reviews without stars are better than none, so a failure of the other service is part of the answer. */
async function fetchRatings(id: number, headers: Record<string, string>): Promise<Ratings> {
  try {
    const response = await fetch(`${ratingsUrl}/ratings/${id}`, { headers, signal: AbortSignal.timeout(10_000) });
    if (!response.ok) {
      await response.body?.cancel();
      return { status: response.status, error: `ratings service answered ${response.status}` };
    }
    const { ratings } = (await response.json()) as { ratings: Record<string, number> };
    return { status: response.status, stars: ratings };
  } catch (error) {
    return { status: 0, error: `ratings service cannot be reached: ${error instanceof Error ? error.message : String(error)}` };
  }
}
