import type { HttpFilter } from "../../ir/filter.ts";
import { IDLE_FAULT } from "./filter/fault.ts";
import type { NamedExtension } from "./filter/named-extension.ts";
import { toHttpRbac } from "./filter/rbac.ts";
import { ROUTER } from "./filter/router.ts";

/** The order in which requests pass filters, wherever they come from: who may, what is done on purpose, where to. */
const ORDER: readonly HttpFilter["kind"][] = ["http-access", "fault"];

/** A chain of HTTP filters as the proxy runs it, ended by the router. Filters of one kind keep their order. */
export function toHttpFilters(filters: readonly HttpFilter[]): readonly NamedExtension[] {
  return [...ORDER.flatMap((kind) => filters.filter((filter) => filter.kind === kind).map(toFilter)), ROUTER];
}

function toFilter(filter: HttpFilter): NamedExtension {
  return filter.kind === "fault" ? IDLE_FAULT : toHttpRbac(filter);
}
