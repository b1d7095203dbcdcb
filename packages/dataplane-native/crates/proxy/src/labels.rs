//! Label sets of requests and connections: who talks to whom.

use config::Workload;
use telemetry::{LabelNames, LabelsId, PeerNames, ReporterSide, SecurityPolicy, Telemetry};

use crate::{connection::Served, snapshot::ClusterEntry};

/// Interns the label sets for HTTP and gRPC.
pub(crate) fn http(
    telemetry: &Telemetry,
    reporter: ReporterSide,
    peer: PeerNames<'_>,
    service: &str,
    security_policy: SecurityPolicy,
) -> [LabelsId; 2] {
    ["http", "grpc"].map(|protocol| {
        telemetry.labels(&LabelNames {
            reporter,
            peer,
            destination_service: service,
            security_policy,
            protocol,
        })
    })
}

/// The names of an endpoint, with the identity it proved.
pub(crate) fn endpoint_names<'a>(workload: Option<&'a Workload>, principal: &'a str) -> PeerNames<'a> {
    match workload {
        Some(workload) => PeerNames {
            workload: &workload.name,
            namespace: &workload.namespace,
            service: &workload.service,
            version: &workload.version,
            principal,
        },
        None => PeerNames {
            principal,
            namespace: namespace_of(principal),
            ..PeerNames::default()
        },
    }
}

/// The names of a client, as far as its certificate tells.
pub(crate) fn client_names(principal: &str) -> PeerNames<'_> {
    PeerNames {
        principal,
        namespace: namespace_of(principal),
        ..PeerNames::default()
    }
}

/// `ns` of `spiffe://<trust domain>/ns/<namespace>/sa/<service account>`.
fn namespace_of(principal: &str) -> &str {
    let mut parts = principal.split('/').skip(3);
    match (parts.next(), parts.next()) {
        (Some("ns"), Some(namespace)) => namespace,
        _ => "",
    }
}

pub(crate) fn policy(is_mutual_tls: bool) -> SecurityPolicy {
    if is_mutual_tls {
        SecurityPolicy::MutualTls
    } else {
        SecurityPolicy::None
    }
}

/// Label sets of a request as the server's proxy reports it, or of one that reached no endpoint. They depend on the
/// connection and on the service, so they are looked up once for each.
pub(crate) fn without_upstream(served: &Served, cluster: Option<&ClusterEntry>) -> [LabelsId; 2] {
    let key = cluster.map_or(0, |cluster| cluster.state.id);
    if let Some((known, labels)) = served.labels.get()
        && known == key
    {
        return labels;
    }
    let shared = &served.worker.shared;
    let reporter = served.listener.reporter;
    let service = match (reporter, cluster) {
        (_, Some(cluster)) if !cluster.service.is_empty() => &*cluster.service,
        (ReporterSide::Destination, _) => &shared.node.service,
        (ReporterSide::Source, _) => "",
    };
    let labels = match reporter {
        ReporterSide::Destination => http(
            &shared.telemetry,
            reporter,
            client_names(served.facts.principal()),
            service,
            policy(served.facts.is_mutual_tls()),
        ),
        ReporterSide::Source => http(
            &shared.telemetry,
            reporter,
            PeerNames::default(),
            service,
            SecurityPolicy::Unknown,
        ),
    };
    served.labels.set(Some((key, labels)));
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_tells_the_namespace() {
        assert_eq!(namespace_of("spiffe://cluster.local/ns/default/sa/reviews"), "default");
        assert_eq!(namespace_of("spiffe://example.org/workload"), "");
        assert_eq!(namespace_of(""), "");
    }
}
