import type { HttpFilter } from "../../ir/filter.ts";
import { toExtAuthz } from "./filter/ext-authz.ts";
import { IDLE_FAULT } from "./filter/fault.ts";
import { toJwtAuthentication } from "./filter/jwt.ts";
import type { NamedExtension } from "./filter/named-extension.ts";
import { toAskingRbac, toHttpRbac } from "./filter/rbac.ts";
import { ROUTER } from "./filter/router.ts";

/** The order in which requests pass filters, wherever they come from: whom others have to be asked about, who asks, who may, what is done on purpose, where to. */
const ORDER: readonly HttpFilter["kind"][] = ["asked-access", "tokens", "http-access", "fault"];

/** A chain of HTTP filters as the proxy runs it, ended by the router. Filters of one kind keep their order. */
export function toHttpFilters(filters: readonly HttpFilter[]): readonly NamedExtension[] {
  return [...ORDER.flatMap((kind) => filters.filter((filter) => filter.kind === kind).flatMap(toFilter)), ROUTER];
}

function toFilter(filter: HttpFilter): NamedExtension | readonly NamedExtension[] {
  switch (filter.kind) {
    case "asked-access":
      return [toAskingRbac(filter), toExtAuthz(filter)];
    case "tokens":
      return toJwtAuthentication(filter);
    case "http-access":
      return toHttpRbac(filter);
    case "fault":
      return IDLE_FAULT;
  }
}
