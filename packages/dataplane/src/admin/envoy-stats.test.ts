import { expect, it } from "vitest";
import { parseStats } from "../stats.ts";
import { formatEnvoyMetrics, toEnvoyStats } from "./envoy-stats.ts";

const TEXT = `
fairlead_proxy_cluster_responses_total{cluster="outbound|80||a.b",response_code="200"} 2
fairlead_proxy_cluster_responses_total{cluster="outbound|80||a.b",response_code="204"} 1
fairlead_proxy_cluster_responses_total{cluster="outbound|80||a.b",response_code="503"} 4
fairlead_proxy_cluster_timeouts_total{cluster="outbound|80||a.b"} 1
fairlead_proxy_cluster_connections{cluster="outbound|80||a.b"} 3
fairlead_proxy_cluster_health_check_attempt{cluster="outbound|80||a.b"} 5
fairlead_proxy_http_responses_total{stat_prefix="ingress",response_code="404"} 6
fairlead_proxy_http_responses_total{stat_prefix="ingress",response_code="0"} 1
fairlead_proxy_http_connections{stat_prefix="ingress"} 2
fairlead_proxy_listener_connections_total{address="0.0.0.0:8080"} 9
fairlead_proxy_listener_no_filter_chain_total{address="0.0.0.0:8080"} 1
fairlead_proxy_virtual_cluster_responses_total{response_code="200",virtual_host="shop",virtual_cluster="buy"} 8
fairlead_proxy_retries_total 7
`;

const stats = toEnvoyStats(parseStats(TEXT));

it("has the names that dashboards of Envoy ask for", () => {
  const values = Object.fromEntries(stats.map(({ name, value }) => [name, value]));
  expect(values).toEqual({
    "cluster.outbound|80||a.b.upstream_rq_200": 2,
    "cluster.outbound|80||a.b.upstream_rq_204": 1,
    "cluster.outbound|80||a.b.upstream_rq_503": 4,
    "cluster.outbound|80||a.b.upstream_rq_2xx": 3,
    "cluster.outbound|80||a.b.upstream_rq_5xx": 4,
    "cluster.outbound|80||a.b.upstream_rq_completed": 7,
    "cluster.outbound|80||a.b.upstream_rq_timeout": 1,
    "cluster.outbound|80||a.b.upstream_cx_active": 3,
    "cluster.outbound|80||a.b.health_check.attempt": 5,
    "http.ingress.downstream_rq_4xx": 6,
    "http.ingress.downstream_rq_completed": 6,
    "http.ingress.downstream_rq_total": 7,
    "http.ingress.downstream_cx_active": 2,
    "listener.0.0.0.0_8080.downstream_cx_total": 9,
    "listener.0.0.0.0_8080.no_filter_chain_match": 1,
    "vhost.shop.vcluster.buy.upstream_rq_200": 8,
    "vhost.shop.vcluster.buy.upstream_rq_2xx": 8,
    "vhost.shop.vcluster.buy.upstream_rq_completed": 8,
    fairlead_proxy_retries_total: 7,
  });
});

it("tells Prometheus what Envoy tells it", () => {
  const text = formatEnvoyMetrics(stats);
  for (const line of [
    'envoy_cluster_upstream_rq_xx{envoy_response_code_class="2",envoy_cluster_name="outbound|80||a.b"} 3',
    'envoy_cluster_upstream_rq{envoy_response_code="503",envoy_cluster_name="outbound|80||a.b"} 4',
    "# TYPE envoy_cluster_upstream_cx_active gauge",
    'envoy_http_downstream_rq_xx{envoy_response_code_class="4",envoy_http_conn_manager_prefix="ingress"} 6',
    'envoy_vhost_vcluster_upstream_rq_xx{envoy_response_code_class="2",envoy_virtual_cluster="buy",envoy_virtual_host="shop"} 8',
    'envoy_listener_downstream_cx_total{envoy_listener_address="0.0.0.0_8080"} 9',
  ]) {
    expect(text.split("\n")).toContain(line);
  }
});
