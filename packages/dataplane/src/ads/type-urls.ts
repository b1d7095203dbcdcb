const PREFIX = "type.googleapis.com/";

/** Type URLs of Envoy's xDS v3 that the proxy subscribes to. */
export const CLUSTER = `${PREFIX}envoy.config.cluster.v3.Cluster`;
export const ENDPOINT = `${PREFIX}envoy.config.endpoint.v3.ClusterLoadAssignment`;
export const LISTENER = `${PREFIX}envoy.config.listener.v3.Listener`;
export const ROUTE = `${PREFIX}envoy.config.route.v3.RouteConfiguration`;
export const SECRET = `${PREFIX}envoy.extensions.transport_sockets.tls.v3.Secret`;

/** Names that the proxy answers by itself (Istio's NDS). */
export const NAME_TABLE = `${PREFIX}istio.networking.nds.v1.NameTable`;

/** Order of subscription and of loading: what is referred to comes before what refers to it, as far as the protocol allows. */
export const TYPE_ORDER: readonly string[] = [CLUSTER, ENDPOINT, LISTENER, ROUTE];
/** The same with what only proxies want that answer questions of DNS. */
export const TYPE_ORDER_WITH_NAMES: readonly string[] = [...TYPE_ORDER, NAME_TABLE];
