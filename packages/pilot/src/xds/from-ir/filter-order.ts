import type { HttpFilter } from "../../ir/filter.ts";
import { IDLE_FAULT } from "./filter/fault.ts";
import { toJwtAuthentication } from "./filter/jwt.ts";
import type { NamedExtension } from "./filter/named-extension.ts";
import { toHttpRbac } from "./filter/rbac.ts";
import { ROUTER } from "./filter/router.ts";

/** The order in which requests pass filters, wherever they come from: who asks, who may, what is done on purpose, where to. */
const ORDER: readonly HttpFilter["kind"][] = ["tokens", "http-access", "fault"];

/** A chain of HTTP filters as the proxy runs it, ended by the router. Filters of one kind keep their order. */
export function toHttpFilters(filters: readonly HttpFilter[]): readonly NamedExtension[] {
  return [...ORDER.flatMap((kind) => filters.filter((filter) => filter.kind === kind).map(toFilter)), ROUTER];
}

function toFilter(filter: HttpFilter): NamedExtension {
  switch (filter.kind) {
    case "tokens":
      return toJwtAuthentication(filter);
    case "http-access":
      return toHttpRbac(filter);
    case "fault":
      return IDLE_FAULT;
  }
}
