//! What a service is asked.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use config::{AuthzHttpService, GrpcService, StringMatcher};
use messages::{
    envoy::{
        config::core::v3::{self as core, address, socket_address},
        service::auth::v3::{
            AttributeContext, CheckRequest,
            attribute_context::{HttpRequest, Peer, Request, TlsSession},
        },
    },
    google::protobuf::Timestamp,
};
use serde_json::Value;

use super::{DEFAULT_TIMEOUT_MS, Settings};
use crate::{ConnectionFacts, call::Call, proto::to_struct};

/// Says whether the body in the question is all of it.
const PARTIAL_BODY: &str = "x-envoy-auth-partial-body";

/// What is known about a request.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Method.
    pub method: &'a [u8],
    /// Path with query.
    pub path: &'a [u8],
    /// Host.
    pub authority: &'a [u8],
    /// `http` or `https`.
    pub scheme: &'a str,
    /// `HTTP/1.1` and so on.
    pub protocol: &'a str,
    /// Fields as they go on, in order.
    pub fields: &'a [(&'a [u8], &'a [u8])],
    /// The body as far as it was waited for, and whether more follows.
    pub body: Option<(&'a [u8], bool)>,
    /// When it came, in microseconds since 1970.
    pub time_us: u64,
    /// Its connection.
    pub facts: &'a ConnectionFacts<'a>,
    /// Who this proxy stands beside; empty where it did not prove it.
    pub own_principal: &'a str,
    /// The client's certificate in DER.
    pub certificate: Option<&'a [u8]>,
    /// The route's metadata.
    pub route_metadata: Option<&'a config::Metadata>,
}

impl Question<'_> {
    fn header(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.fields.iter();
        let is_it = |field: &&(&[u8], &[u8])| field.0.eq_ignore_ascii_case(name.as_bytes());
        fields.find(is_it).map(|(_, value)| *value)
    }

    fn size(&self) -> i64 {
        let length = self
            .header("content-length")
            .and_then(|value| std::str::from_utf8(value).ok());
        length.and_then(|text| text.parse().ok()).unwrap_or(-1)
    }
}

fn any(matchers: &[StringMatcher], name: &str) -> bool {
    matchers.iter().any(|matcher| matcher.matches(name.as_bytes()))
}

impl Settings<'_> {
    fn sends(&self, name: &str, by_default: bool) -> bool {
        let is_allowed = match &self.config.allowed_headers {
            Some(allowed) => any(allowed, name),
            None => by_default,
        };
        is_allowed && !any(&self.config.disallowed_headers, name)
    }
}

pub(super) fn by_grpc(settings: &Settings<'_>, service: &GrpcService, question: &Question<'_>) -> Call {
    let config = settings.config;
    let facts = question.facts;
    let metadata = |namespaces: &[std::sync::Arc<str>], find: &dyn Fn(&str) -> Option<Value>| core::Metadata {
        filter_metadata: namespaces
            .iter()
            .filter_map(|name| Some((name.to_string(), to_struct(find(name)?))))
            .collect(),
        ..core::Metadata::default()
    };
    let of_request = |name: &str| facts.metadata.and_then(|all| all.get(name)).cloned();
    let of_route = |name: &str| {
        let found = question.route_metadata.and_then(|all| all.namespace(name));
        found.map(|map| Value::Object(map.clone()))
    };
    // Later ones replace earlier ones.
    let places = settings.outer.iter().copied().flatten().chain(settings.of_route);
    let extensions = places.flat_map(|place| &place.context_extensions);
    let attributes = AttributeContext {
        source: Some(Peer {
            address: facts.remote.or(facts.direct_remote).map(address),
            service: text(
                question
                    .header("x-envoy-downstream-service-cluster")
                    .unwrap_or_default(),
            ),
            principal: principal(facts).to_owned(),
            certificate: certificate(settings, question),
            ..Peer::default()
        }),
        destination: Some(Peer {
            address: facts.destination.map(address),
            principal: question.own_principal.to_owned(),
            ..Peer::default()
        }),
        request: Some(Request {
            time: Some(Timestamp {
                seconds: (question.time_us / 1_000_000) as i64,
                nanos: (question.time_us % 1_000_000 * 1_000) as i32,
            }),
            http: Some(http_request(settings, question)),
        }),
        context_extensions: extensions
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect(),
        metadata_context: Some(metadata(&config.metadata_namespaces, &of_request)),
        route_metadata_context: (!config.route_metadata_namespaces.is_empty())
            .then(|| metadata(&config.route_metadata_namespaces, &of_route)),
        tls_session: (config.include_tls_session && !facts.server_name.is_empty()).then(|| TlsSession {
            sni: facts.server_name.to_owned(),
        }),
    };
    let message = CheckRequest {
        attributes: Some(attributes),
    };
    crate::call::to_service(
        service,
        "/envoy.service.auth.v3.Authorization/Check",
        &message,
        DEFAULT_TIMEOUT_MS,
    )
}

fn http_request(settings: &Settings<'_>, question: &Question<'_>) -> HttpRequest {
    let mut headers: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut list = Vec::new();
    let pseudo = [
        (":authority", question.authority),
        (":method", question.method),
        (":path", question.path),
        (":scheme", question.scheme.as_bytes()),
    ];
    let pseudo = pseudo.into_iter().map(|(name, value)| (name.as_bytes(), value));
    for (name, value) in pseudo.chain(question.fields.iter().copied()) {
        let name = text(name).to_ascii_lowercase();
        if name == "host" || !settings.sends(&name, true) {
            continue;
        }
        if settings.config.encode_raw_headers {
            list.push(core::HeaderValue {
                key: name,
                raw_value: value.to_vec(),
                ..core::HeaderValue::default()
            });
            continue;
        }
        headers
            .entry(name)
            .and_modify(|known| {
                known.push(b',');
                known.extend_from_slice(value);
            })
            .or_insert_with(|| value.to_vec());
    }
    let mut request = HttpRequest {
        id: text(question.header("x-request-id").unwrap_or_default()),
        method: text(question.method),
        path: text(question.path),
        host: text(question.authority),
        scheme: question.scheme.to_owned(),
        size: question.size(),
        protocol: question.protocol.to_owned(),
        ..HttpRequest::default()
    };
    if let Some((body, is_partial)) = question.body {
        let partial = is_partial.to_string();
        if settings.config.encode_raw_headers {
            list.push(core::HeaderValue {
                key: PARTIAL_BODY.to_owned(),
                raw_value: partial.into_bytes(),
                ..core::HeaderValue::default()
            });
        } else {
            headers.insert(PARTIAL_BODY.to_owned(), partial.into_bytes());
        }
        if settings.body().is_some_and(|settings| settings.pack_as_bytes) {
            request.raw_body = body.to_vec();
        } else {
            request.body = text(body);
        }
    }
    request.headers = headers
        .into_iter()
        .map(|(name, value)| (name, text(&value)))
        .collect::<HashMap<_, _>>();
    if settings.config.encode_raw_headers {
        request.header_map = Some(core::HeaderMap { headers: list });
    }
    request
}

/// Text as a message carries it: what is not UTF-8 is replaced.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn principal<'a>(facts: &ConnectionFacts<'a>) -> &'a str {
    if !facts.is_authenticated {
        return "";
    }
    let mut names = facts.uri_sans.iter().chain(facts.dns_sans);
    names.next().map_or(facts.subject, String::as_str)
}

fn address(address: SocketAddr) -> core::Address {
    core::Address {
        address: Some(address::Address::SocketAddress(core::SocketAddress {
            address: address.ip().to_canonical().to_string(),
            port_specifier: Some(socket_address::PortSpecifier::PortValue(address.port().into())),
            ..core::SocketAddress::default()
        })),
    }
}

/// The client's certificate as PEM, percent-encoded.
fn certificate(settings: &Settings<'_>, question: &Question<'_>) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let Some(der) = question
        .certificate
        .filter(|_| settings.config.include_peer_certificate)
    else {
        return String::new();
    };
    let encoded = STANDARD.encode(der);
    let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
    for line in encoded.as_bytes().chunks(64) {
        pem.extend(line.iter().copied().map(char::from));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    let mut out = String::with_capacity(pem.len() + pem.len() / 8);
    for byte in pem.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let digit = |value: u8| char::from(b"0123456789ABCDEF"[usize::from(value)]);
            out.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    out
}

pub(super) fn by_http(settings: &Settings<'_>, service: &AuthzHttpService, question: &Question<'_>) -> Call {
    let path = if service.path_override.is_empty() {
        [service.path_prefix.as_bytes(), question.path].concat()
    } else {
        service.path_override.as_bytes().to_vec()
    };
    let timeout_ms = match service.timeout_ms {
        0 => DEFAULT_TIMEOUT_MS,
        timeout_ms => timeout_ms,
    };
    let mut call = Call::http(&service.cluster, &text(question.method), path, timeout_ms);
    call.authority = question.authority.to_vec();
    for (name, value) in question.fields {
        let name = text(name).to_ascii_lowercase();
        let is_sent = name == "authorization" || settings.sends(&name, false);
        // What is for one connection only, or frames another message.
        let is_framing = matches!(
            &*name,
            "host" | "content-length" | "transfer-encoding" | "connection" | "te" | "upgrade" | "expect" | "trailer"
        );
        if is_sent && !is_framing {
            call.fields.push((name, value.to_vec()));
        }
    }
    if let Some((body, is_partial)) = question.body {
        call.body = body.to_vec();
        call.set(PARTIAL_BODY, is_partial.to_string());
    }
    for (name, value) in &service.headers_to_add {
        call.set(name.as_str(), value.as_bytes());
    }
    call
}
