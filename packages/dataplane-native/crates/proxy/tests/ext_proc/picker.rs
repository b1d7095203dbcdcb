//! Services that choose the endpoint, as those of inference pools do.

use std::net::SocketAddr;

use messages::{
    envoy::service::ext_proc::v3::{
        HeadersResponse, ProcessingRequest, ProcessingResponse, processing_request::Request,
        processing_response::Response,
    },
    google::protobuf::{Struct, Value as PbValue, value::Kind},
};
use proxy::Proxy;
use serde_json::{Value, json};

use super::{Says, Service, answer, bodies::content, duplex::piece};
use crate::support::{
    Client, Upstream, address, cluster, dead_address, forward, http_listener_with, ok, start, wait_until,
};

const ASKED: &str = "x-gateway-destination-endpoint";
const SERVED: &str = "x-gateway-destination-endpoint-served";

fn structure(fields: &[(&str, Kind)]) -> Struct {
    let field = |(name, kind): &(&str, Kind)| {
        (
            (*name).into(),
            PbValue {
                kind: Some(kind.clone()),
            },
        )
    };
    Struct {
        fields: fields.iter().map(field).collect(),
    }
}

/// What a picker says of a request, before anything else.
fn choice(endpoints: &str) -> ProcessingResponse {
    let asked = structure(&[(ASKED, Kind::StringValue(endpoints.into()))]);
    ProcessingResponse {
        dynamic_metadata: Some(structure(&[("envoy.lb", Kind::StructValue(asked))])),
        ..answer(Response::RequestHeaders(HeadersResponse::default()))
    }
}

/// Where the endpoint that served the request stands in what the proxy tells of it.
fn served(message: &ProcessingRequest) -> Option<String> {
    let known = &message.metadata_context.as_ref()?.filter_metadata;
    match known.get("envoy.lb")?.fields.get(SERVED)?.kind.as_ref()? {
        Kind::StringValue(address) => Some(address.clone()),
        _ => None,
    }
}

/// A proxy whose requests go where a picker says, if any, else to each of these in turn.
fn picking(picker: SocketAddr, endpoints: &[SocketAddr], more: Value) -> Proxy {
    let mut settings = json!({ "service": { "cluster": "picker" }, "messageTimeoutMs": 5_000,
        "sentMetadata": ["envoy.lb"], "takenMetadata": ["envoy.lb"] });
    for (key, value) in more.as_object().unwrap() {
        settings[key] = value.clone();
    }
    let filters = json!([{ "name": "picker", "kind": { "extProc": settings } },
        { "name": "router", "kind": { "router": {} } }]);
    let mut pool = cluster("pool", endpoints);
    pool["overrideHost"] = json!({
        "sources": [{ "metadata": { "namespace": "envoy.lb", "path": [ASKED] } }, { "header": "x-destination" }],
        "selected": { "namespace": "envoy.lb", "path": [SERVED] },
    });
    start(&json!({
        "listeners": [http_listener_with("web", json!({ "httpFilters": filters, "routes": { "inline": { "virtualHosts": [
            { "name": "all", "domains": ["*"], "routes": [forward("pool")] }] } } }))],
        "clusters": [pool, cluster("picker", &[picker])],
    }))
}

#[test]
fn a_picker_that_has_seen_the_whole_request_says_where_it_goes() {
    let upstreams =
        ["a", "b", "c"].map(|name| Upstream::start(move |seen| ok(format!("{name}:{}", content(seen)).as_bytes())));
    let addresses = upstreams.each_ref().map(|upstream| upstream.address);
    let told = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let tells = std::sync::Arc::clone(&told);
    let service = Service::saying(move |message| match message.request.as_ref().unwrap() {
        Request::RequestBody(body) if body.end_of_stream => Says::AnswerAll(vec![
            choice(&addresses[usize::from(body.body[0] - b'0')].to_string()),
            answer(Response::RequestBody(piece(&body.body, true))),
        ]),
        Request::ResponseHeaders(_) => {
            tells.lock().unwrap().push(served(message).unwrap());
            Says::Answers(vec![Response::ResponseHeaders(HeadersResponse::default())])
        }
        _ => Says::Nothing,
    });
    let mode = json!({ "mode": { "requestBody": "fullDuplexStreamed", "requestTrailers": true } });
    let proxy = picking(service.address, &addresses, mode);
    let mut client = Client::connect(address(&proxy, "web"));
    for (number, name) in [(2, "c"), (0, "a"), (0, "a"), (1, "b"), (2, "c")] {
        client.send(format!(
            "POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 1\r\n\r\n{number}"
        ));
        assert_eq!(client.response().unwrap().body(), format!("{name}:{number}"));
        assert_eq!(told.lock().unwrap().pop(), Some(addresses[number].to_string()));
    }
}

#[test]
fn another_try_goes_to_the_next_endpoint_that_was_named() {
    let upstreams = ["a", "b", "c"].map(Upstream::saying);
    let [a, b, c] = upstreams.each_ref().map(|upstream| upstream.address);
    let dead = dead_address();
    let named = format!("{dead},{c}");
    let service = Service::saying(move |message| {
        if let Request::RequestHeaders(_) = message.request.as_ref().unwrap() {
            return Says::AnswerAll(vec![choice(&named)]);
        }
        assert_eq!(served(message), Some(c.to_string()));
        Says::Answers(vec![Response::ResponseHeaders(HeadersResponse::default())])
    });
    let proxy = picking(service.address, &[a, dead, b, c], json!({}));
    let mut client = Client::connect(address(&proxy, "web"));
    for _ in 0..6 {
        assert_eq!(client.get("/").body(), "c");
    }
}

#[test]
fn a_request_whose_picker_names_nothing_may_name_its_endpoint_itself() {
    let upstreams = ["a", "b"].map(Upstream::saying);
    let addresses = upstreams.each_ref().map(|upstream| upstream.address);
    let service = Service::start(|request| {
        Some(match request {
            Request::RequestHeaders(_) => Response::RequestHeaders(HeadersResponse::default()),
            _ => Response::ResponseHeaders(HeadersResponse::default()),
        })
    });
    let proxy = picking(service.address, &addresses, json!({}));
    let request = json!({ "listener": "web", "method": "GET", "authority": "shop", "path": "/", "headers": [] });
    let explained = proxy.explain(&request.to_string()).unwrap();
    assert!(
        explained.contains(&format!(
            "the first usable one that metadata envoy.lb.{ASKED} or header x-destination names, else one of them by"
        )),
        "{explained}"
    );
    let mut client = Client::connect(address(&proxy, "web"));
    for (at, name) in [(1, "b"), (1, "b"), (0, "a"), (0, "a")] {
        client.send(format!(
            "GET / HTTP/1.1\r\nHost: shop\r\nX-Destination: {}\r\n\r\n",
            addresses[at]
        ));
        assert_eq!(client.response().unwrap().body(), name);
    }
    wait_until("others take turns", || {
        assert_eq!(client.get("/").status, 200);
        upstreams.iter().all(|upstream| upstream.requests() > 2)
    });
}
