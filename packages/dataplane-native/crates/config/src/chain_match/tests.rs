use super::*;
use crate::FilterChain;

fn listener(chains: Vec<(&str, FilterChainMatch)>) -> Listener {
    let filter_chains = chains.into_iter().map(|(name, matches)| FilterChain {
        name: name.into(),
        matches,
        ..FilterChain::default()
    });
    Listener {
        filter_chains: filter_chains.collect(),
        ..Listener::default()
    }
}

fn connection<'a>(destination: &str) -> ConnectionInfo<'a> {
    ConnectionInfo {
        destination: Some(destination.parse().unwrap()),
        source: Some("10.9.9.9:5000".parse().unwrap()),
        ..ConnectionInfo::default()
    }
}

fn chosen<'a>(listener: &'a Listener, connection: &ConnectionInfo<'_>) -> Option<&'a str> {
    listener.match_chain(connection).map(|chain| &*chain.name)
}

fn names(list: &[&str]) -> Vec<std::sync::Arc<str>> {
    list.iter().map(|name| (*name).into()).collect()
}

fn ranges(list: &[&str]) -> Vec<CidrRange> {
    list.iter()
        .map(|text| serde_json::from_value((*text).into()).unwrap())
        .collect()
}

#[test]
fn the_destination_port_decides_first_and_there_is_no_way_back() {
    let listener = listener(vec![
        (
            "80-tls",
            FilterChainMatch {
                destination_port: Some(80),
                transport_protocol: "tls".into(),
                ..FilterChainMatch::default()
            },
        ),
        ("any", FilterChainMatch::default()),
    ]);
    assert_eq!(chosen(&listener, &connection("1.1.1.1:81")), Some("any"));
    let tls = ConnectionInfo {
        transport_protocol: "tls",
        ..connection("1.1.1.1:80")
    };
    assert_eq!(chosen(&listener, &tls), Some("80-tls"));
    assert_eq!(chosen(&listener, &connection("1.1.1.1:80")), None);
}

#[test]
fn the_longest_destination_range_wins_over_all_later_criteria() {
    let listener = listener(vec![
        (
            "wide",
            FilterChainMatch {
                prefix_ranges: ranges(&["10.0.0.0/8"]),
                transport_protocol: "tls".into(),
                ..FilterChainMatch::default()
            },
        ),
        (
            "narrow",
            FilterChainMatch {
                prefix_ranges: ranges(&["10.1.0.0/16", "11.0.0.0/8"]),
                ..FilterChainMatch::default()
            },
        ),
    ]);
    let tls = ConnectionInfo {
        transport_protocol: "tls",
        ..connection("10.1.1.1:80")
    };
    assert_eq!(chosen(&listener, &tls), Some("narrow"));
    assert_eq!(chosen(&listener, &connection("11.1.1.1:80")), Some("narrow"));
    assert_eq!(chosen(&listener, &connection("12.1.1.1:80")), None);
}

#[test]
fn server_names_match_exactly_then_by_the_longest_wildcard() {
    let chain = |name: &str| FilterChainMatch {
        server_names: names(&[name]),
        ..FilterChainMatch::default()
    };
    let listener = listener(vec![
        ("any", FilterChainMatch::default()),
        ("com", chain("*.com")),
        ("example", chain("*.example.com")),
        ("www", chain("www.example.com")),
    ]);
    let sni = |server_name| ConnectionInfo {
        server_name,
        ..connection("1.1.1.1:443")
    };
    assert_eq!(chosen(&listener, &sni("WWW.example.com")), Some("www"));
    assert_eq!(chosen(&listener, &sni("a.b.example.com")), Some("example"));
    assert_eq!(chosen(&listener, &sni("example.com")), Some("com"));
    assert_eq!(chosen(&listener, &sni("example.org")), Some("any"));
    assert_eq!(chosen(&listener, &sni("")), Some("any"));
}

#[test]
fn the_first_of_the_clients_protocols_that_a_chain_names_wins() {
    let chain = |list: &[&str]| FilterChainMatch {
        application_protocols: names(list),
        ..FilterChainMatch::default()
    };
    let listener = listener(vec![
        ("mesh", chain(&["istio", "istio-peer-exchange"])),
        ("h1", chain(&["http/1.1"])),
        ("any", FilterChainMatch::default()),
    ]);
    let alpn = |application_protocols| ConnectionInfo {
        application_protocols,
        ..connection("1.1.1.1:80")
    };
    assert_eq!(chosen(&listener, &alpn(&["http/1.1", "istio"])), Some("h1"));
    assert_eq!(chosen(&listener, &alpn(&["h2", "istio"])), Some("mesh"));
    assert_eq!(chosen(&listener, &alpn(&["h2"])), Some("any"));
    assert_eq!(chosen(&listener, &alpn(&[])), Some("any"));
}

#[test]
fn permissive_inbound_tells_mesh_tls_from_the_applications_own() {
    let chain = |transport: &str, alpn: &[&str]| FilterChainMatch {
        destination_port: Some(9080),
        transport_protocol: transport.into(),
        application_protocols: names(alpn),
        ..FilterChainMatch::default()
    };
    let listener = listener(vec![
        ("mtls", chain("tls", &["istio"])),
        ("own-tls", chain("tls", &[])),
        ("plain", chain("raw_buffer", &[])),
    ]);
    let seen = |transport_protocol, application_protocols| ConnectionInfo {
        transport_protocol,
        application_protocols,
        ..connection("1.1.1.1:9080")
    };
    assert_eq!(chosen(&listener, &seen("tls", &["istio"])), Some("mtls"));
    assert_eq!(chosen(&listener, &seen("tls", &["h2"])), Some("own-tls"));
    assert_eq!(chosen(&listener, &seen("raw_buffer", &[])), Some("plain"));
}

#[test]
fn source_type_knows_loopback_and_its_own_address() {
    let chain = |source_type| FilterChainMatch {
        source_type,
        ..FilterChainMatch::default()
    };
    let listener = listener(vec![
        ("local", chain(SourceType::SameIpOrLoopback)),
        ("external", chain(SourceType::External)),
    ]);
    let from = |source: &str| ConnectionInfo {
        source: Some(source.parse().unwrap()),
        ..connection("10.0.0.1:80")
    };
    assert_eq!(chosen(&listener, &from("127.0.0.1:1")), Some("local"));
    assert_eq!(chosen(&listener, &from("10.0.0.1:1")), Some("local"));
    assert_eq!(chosen(&listener, &from("10.0.0.2:1")), Some("external"));
}

#[test]
fn the_default_chain_takes_what_no_chain_matches() {
    let mut listener = listener(vec![(
        "80",
        FilterChainMatch {
            destination_port: Some(80),
            ..FilterChainMatch::default()
        },
    )]);
    assert_eq!(chosen(&listener, &connection("1.1.1.1:81")), None);
    listener.default_filter_chain = Some(FilterChain {
        name: "default".into(),
        ..FilterChain::default()
    });
    assert_eq!(chosen(&listener, &connection("1.1.1.1:81")), Some("default"));
    assert_eq!(chosen(&listener, &connection("1.1.1.1:80")), Some("80"));
}

#[test]
fn the_explanation_names_each_criterion_and_who_is_left() {
    let listener = listener(vec![
        (
            "tls",
            FilterChainMatch {
                transport_protocol: "tls".into(),
                ..FilterChainMatch::default()
            },
        ),
        ("any", FilterChainMatch::default()),
    ]);
    let explanation = listener.explain_chain(&ConnectionInfo {
        transport_protocol: "tls",
        ..connection("1.1.1.1:80")
    });
    assert_eq!((explanation.chain, explanation.name.as_str()), (Some(0), "tls"));
    let stage = explanation
        .stages
        .iter()
        .find(|stage| stage.criterion == "transportProtocol")
        .unwrap();
    assert_eq!(
        (stage.value.as_str(), stage.matched.as_str(), stage.chains.as_slice()),
        ("tls", "tls", &["tls".to_owned()][..])
    );
}
