import { formatMetric } from "../stats.ts";
import type { AdminPorts } from "./ports.ts";

/** The process's own metrics beside the engine's, in Prometheus' text format. */
export function formatProcessMetrics(ports: AdminPorts): string {
  const xds = ports.xds();
  const report = ports.report();
  const { certificate } = ports.certificates();
  const types = xds.types.map((type) => ({ type, labels: { type_url: type.typeUrl } }));
  return [
    formatMetric({
      name: "fairlead_proxy_xds_connected",
      help: "1 while a stream to the xds server is open.",
      type: "gauge",
      samples: [{ value: Number(xds.connected) }],
    }),
    formatMetric({
      name: "fairlead_proxy_xds_updates_total",
      help: "Responses of the xds server by the answer they got.",
      type: "counter",
      samples: types.flatMap(({ type, labels }) => [
        { labels: { ...labels, answer: "ack" }, value: type.acknowledged },
        { labels: { ...labels, answer: "nack" }, value: type.rejected },
      ]),
    }),
    formatMetric({
      name: "fairlead_proxy_xds_resources",
      help: "Resources in use.",
      type: "gauge",
      samples: types.map(({ type, labels }) => ({ labels, value: type.resources })),
    }),
    ...(certificate === null
      ? []
      : [
          formatMetric({
            name: "fairlead_proxy_certificate_remaining_seconds",
            help: "Until the workload's certificate expires.",
            type: "gauge",
            samples: [{ value: certificate.remainingMs / 1000 }],
          }),
        ]),
    ...(report === null ? [] : formatReportMetrics(report)),
  ].join("");
}

function formatReportMetrics(report: NonNullable<ReturnType<AdminPorts["report"]>>): readonly string[] {
  return [
    formatMetric({
      name: "fairlead_proxy_report_batches_total",
      help: "Telemetry batches by what became of them.",
      type: "counter",
      samples: [
        { labels: { outcome: "acknowledged" }, value: report.acknowledgedBatches },
        { labels: { outcome: "dropped" }, value: report.droppedBatches },
      ],
    }),
    formatMetric({
      name: "fairlead_proxy_report_waiting_batches",
      help: "Telemetry batches that mixer has not acknowledged yet.",
      type: "gauge",
      samples: [{ value: report.unacknowledgedBatches }],
    }),
  ];
}
