//! What a service's answer means.

use config::{AuthzHttpService, ExtAuthz, HeaderAppendAction, HeaderName, NameKind, StringMatcher};
use messages::{
    envoy::{
        config::core::v3::{self as core, HeaderValueOption},
        service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse, check_response::HttpResponse},
    },
    google::protobuf::Struct,
};
use serde_json::{Map, Value};

use super::{Allowed, Decision, Denied, METADATA};
use crate::{
    call::{Answer, CallFailure},
    change::{HeaderChange, is_value},
    proto::to_json,
};

/// Headers of a refusal that every client needs.
const OF_REFUSALS: [&str; 4] = ["www-authenticate", "proxy-authenticate", "location", "content-type"];

/// What frames the answer of the service and not ours.
const FRAMING: [&str; 9] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "host",
];

pub(super) fn of_grpc(config: &ExtAuthz, answer: &Answer, path: &[u8]) -> Result<Decision, CallFailure> {
    let response: CheckResponse = answer.message()?;
    let is_ok = response.status.as_ref().is_none_or(|status| status.code == 0);
    let metadata = |own: Option<Struct>| {
        let taken = own.or(response.dynamic_metadata).filter(|_| config.takes_metadata);
        taken.map(|taken| by_namespace(to_json(taken)))
    };
    match response.http_response {
        Some(HttpResponse::OkResponse(mut ok)) if is_ok => {
            let metadata = metadata(ok.dynamic_metadata.take());
            allow(config, ok, metadata, path).map(|allowed| Decision::Allow(Box::new(allowed)))
        }
        _ if is_ok => Ok(Decision::Allow(Box::new(Allowed {
            metadata: metadata(None),
            ..Allowed::default()
        }))),
        Some(HttpResponse::DeniedResponse(denied)) => {
            let metadata = metadata(None);
            deny(config, denied, metadata).map(|denied| Decision::Deny(Box::new(denied)))
        }
        _ => Ok(Decision::Deny(Box::new(Denied {
            status: 403,
            headers: Vec::new(),
            body: Vec::new(),
            metadata: metadata(None),
        }))),
    }
}

fn by_namespace(value: Value) -> Value {
    Value::Object(Map::from_iter([(METADATA.to_owned(), value)]))
}

fn allow(config: &ExtAuthz, ok: OkHttpResponse, metadata: Option<Value>, path: &[u8]) -> Result<Allowed, CallFailure> {
    let set = changes(config, ok.headers)?;
    let remove: Vec<HeaderName> = ok
        .headers_to_remove
        .iter()
        .filter_map(|name| HeaderName::new(name).ok())
        // Without them it would be no request.
        .filter(|name| name.kind() == NameKind::Field)
        .collect();
    let changes_query = !ok.query_parameters_to_set.is_empty() || !ok.query_parameters_to_remove.is_empty();
    let path =
        changes_query.then(|| with_parameters(path, &ok.query_parameters_to_set, &ok.query_parameters_to_remove));
    Ok(Allowed {
        reroutes: config.clear_route_cache && (!set.is_empty() || !remove.is_empty() || path.is_some()),
        remove,
        set,
        path,
        response: changes(config, ok.response_headers_to_add)?,
        metadata,
    })
}

fn deny(config: &ExtAuthz, denied: DeniedHttpResponse, metadata: Option<Value>) -> Result<Denied, CallFailure> {
    let status = denied.status.and_then(|status| u16::try_from(status.code).ok());
    Ok(Denied {
        status: status.filter(|status| (200..600).contains(status)).unwrap_or(403),
        headers: changes(config, denied.headers)?
            .into_iter()
            .filter(|change| change.name.kind() == NameKind::Field && !is_framing(change.name.as_str()))
            .collect(),
        body: shortened(config, denied.body.into_bytes()),
        metadata,
    })
}

fn shortened(config: &ExtAuthz, mut body: Vec<u8>) -> Vec<u8> {
    if config.max_denied_body_bytes > 0 {
        body.truncate(config.max_denied_body_bytes as usize);
    }
    body
}

fn is_framing(name: &str) -> bool {
    FRAMING.contains(&name)
}

/// In these messages a header replaces what is there where nothing else is said.
fn changes(config: &ExtAuthz, options: Vec<HeaderValueOption>) -> Result<Vec<HeaderChange>, CallFailure> {
    use core::header_value_option::HeaderAppendAction as Pb;
    let mut changes = Vec::new();
    for option in options {
        let action = match (option.append, option.append_action()) {
            (Some(true), _) => HeaderAppendAction::AppendIfExistsOrAdd,
            (None, Pb::AddIfAbsent) => HeaderAppendAction::AddIfAbsent,
            (None, Pb::OverwriteIfExists) => HeaderAppendAction::OverwriteIfExists,
            _ => HeaderAppendAction::OverwriteIfExistsOrAdd,
        };
        let Some(header) = option.header else { continue };
        let value = if header.value.is_empty() {
            header.raw_value
        } else {
            header.value.into_bytes()
        };
        match HeaderName::new(&header.key) {
            Ok(name) if is_value(&value) => changes.push(HeaderChange { name, value, action }),
            _ if config.validate_mutations => return Err(CallFailure::Malformed),
            _ => {}
        }
    }
    Ok(changes)
}

/// The path with parameters of its query removed, then set.
fn with_parameters(path: &[u8], set: &[core::QueryParameter], remove: &[String]) -> Vec<u8> {
    let (path, query) = match path.iter().position(|byte| *byte == b'?') {
        Some(at) => (&path[..at], &path[at + 1..]),
        None => (path, &b""[..]),
    };
    let is_changed = |name: &[u8]| {
        remove.iter().any(|other| other.as_bytes() == name) || set.iter().any(|other| other.key.as_bytes() == name)
    };
    let kept = query.split(|byte| *byte == b'&').filter(|pair| {
        let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
        !pair.is_empty() && !is_changed(name)
    });
    let added = set
        .iter()
        .map(|one| [one.key.as_bytes(), b"=", one.value.as_bytes()].concat());
    let pairs: Vec<Vec<u8>> = kept.map(<[u8]>::to_vec).chain(added).collect();
    if pairs.is_empty() {
        return path.to_vec();
    }
    [path, b"?", &pairs.join(&b"&"[..])].concat()
}

pub(super) fn of_http(config: &ExtAuthz, service: &AuthzHttpService, answer: Answer) -> Result<Decision, CallFailure> {
    // A service that is not well says nothing about the request.
    if (500..600).contains(&answer.status) {
        return Err(CallFailure::Status(answer.status));
    }
    let any = |matchers: &[StringMatcher], name: &str| matchers.iter().any(|one| one.matches(name.as_bytes()));
    let named = |(name, value): (&String, &Vec<u8>)| Some((HeaderName::new(name).ok()?, value.clone()));
    let fields = || answer.fields.iter().map(|(name, value)| (name, value));
    let metadata: Map<String, Value> = fields()
        .filter(|(name, _)| any(&service.metadata_headers, name))
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into()))
        .collect();
    let metadata = (config.takes_metadata && !metadata.is_empty()).then(|| by_namespace(Value::Object(metadata)));
    if answer.status != 200 {
        let is_for_client = |name: &str| {
            let is_wanted = match &service.client_headers {
                Some(wanted) => any(wanted, name) || OF_REFUSALS.contains(&name),
                None => true,
            };
            is_wanted && !is_framing(name)
        };
        let headers = fields().filter(|(name, _)| is_for_client(name)).filter_map(named);
        return Ok(Decision::Deny(Box::new(Denied {
            status: answer.status,
            headers: headers.map(|(name, value)| HeaderChange::append(name, value)).collect(),
            body: shortened(config, answer.body),
            metadata,
        })));
    }
    let changeable = |name: &str| !is_framing(name);
    let replaced = fields().filter(|(name, _)| any(&service.upstream_headers, name) && changeable(name));
    let added = fields().filter(|(name, _)| any(&service.upstream_headers_to_append, name) && changeable(name));
    let mut set: Vec<HeaderChange> = Vec::new();
    for (name, value) in replaced.filter_map(named) {
        // The first of several values replaces, the others join it.
        let is_known = set.iter().any(|other| other.name == name);
        set.push(if is_known {
            HeaderChange::append(name, value)
        } else {
            HeaderChange::set(name, value)
        });
    }
    set.extend(
        added
            .filter_map(named)
            .map(|(name, value)| HeaderChange::append(name, value)),
    );
    let on_success = fields().filter(|(name, _)| any(&service.client_headers_on_success, name) && changeable(name));
    let response = on_success
        .filter_map(named)
        .map(|(name, value)| HeaderChange::append(name, value))
        .collect();
    let removed = answer.header("x-envoy-auth-headers-to-remove").unwrap_or_default();
    let remove: Vec<HeaderName> = removed
        .split(|byte| *byte == b',')
        .filter_map(|name| HeaderName::new(std::str::from_utf8(name.trim_ascii()).ok()?).ok())
        .filter(|name| name.kind() == NameKind::Field)
        .collect();
    Ok(Decision::Allow(Box::new(Allowed {
        reroutes: config.clear_route_cache && (!set.is_empty() || !remove.is_empty()),
        remove,
        set,
        path: None,
        response,
        metadata,
    })))
}
