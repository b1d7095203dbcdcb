//! A request's head as it is matched, and what the connection manager changes in it.

use std::net::{IpAddr, SocketAddr};

use config::{ForwardClientCert, HeaderName};
use http::{Buffer, Edits, Known, RequestHead, RequestView, TargetForm, Version};
use serde_json::Value;

use super::{Call, Reply, Scratch, path};
use crate::{connection::Facts, error::Failure};

/// A request as routes, filters and templates see it: the head as it came, with path and host made comparable.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    request: RequestView<'a>,
    path: &'a [u8],
    authority: &'a [u8],
    is_https: bool,
    /// What was changed in the head, once that counts.
    edits: Option<&'a Edits>,
    /// What filters have found out, where routes ask for it.
    metadata: Option<&'a Value>,
}

impl<'a> View<'a> {
    pub(crate) fn new(call: &Call<'_>, buffer: &'a Buffer, scratch: &'a Scratch) -> Self {
        Self::of(call, &scratch.request, buffer, &scratch.path).seeing(call, &scratch.edits)
    }

    /// The same with the changes of services, if there were any.
    pub(crate) fn seeing(self, call: &Call<'_>, edits: &'a Edits) -> Self {
        if !call.sees_edits {
            return self;
        }
        Self {
            authority: edits.authority().unwrap_or(self.authority),
            edits: Some(edits),
            ..self
        }
    }

    /// For callers that change other parts of the scratch space meanwhile.
    pub(crate) fn of(call: &Call<'_>, head: &'a RequestHead, buffer: &'a Buffer, changed_path: &'a [u8]) -> Self {
        let request = RequestView::new(head, buffer.filled());
        let mut authority = head.authority.of(buffer.filled());
        let config = &call.http.config;
        if config.strip_port {
            authority = without_port(authority);
        }
        if config.strip_trailing_host_dot {
            authority = authority.strip_suffix(b".").unwrap_or(authority);
        }
        let path = if call.is_path_changed {
            changed_path
        } else {
            request.path_bytes()
        };
        Self {
            request,
            path,
            authority,
            is_https: call.served.facts.peer_tls.is_some() || head.is_https_target,
            edits: None,
            metadata: None,
        }
    }

    /// The same with what filters have found out.
    pub(crate) fn knowing(self, metadata: Option<&'a Value>) -> Self {
        Self { metadata, ..self }
    }

    pub(crate) fn request(&self) -> RequestView<'a> {
        self.request
    }

    pub(crate) fn head(&self) -> &'a RequestHead {
        self.request.head()
    }

    /// The protocol that the client wants to be upgraded to.
    pub(crate) fn upgrade(&self) -> &'a str {
        let value = self.head().upgrade_to.of(self.request.buffer());
        std::str::from_utf8(value).unwrap_or_default()
    }
}

impl config::RequestView for View<'_> {
    fn method(&self) -> &[u8] {
        let head = self.request.head();
        // CONNECT with a `:protocol` is an upgrade, which rules know as GET.
        if head.wants_upgrade && head.version == Version::Http2 {
            return b"GET";
        }
        self.request.method_bytes()
    }

    fn path(&self) -> &[u8] {
        self.path
    }

    fn authority(&self) -> &[u8] {
        self.authority
    }

    fn scheme(&self) -> &[u8] {
        if self.is_https { b"https" } else { b"http" }
    }

    fn metadata(&self) -> Option<&Value> {
        self.metadata
    }

    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        if let Some(edits) = self.edits {
            return edits.get_nth(self.request.buffer(), self.request.fields(), name.as_str(), nth);
        }
        self.request
            .fields()
            .get_all(self.request.buffer(), name.as_str())
            .nth(nth)
    }
}

fn without_port(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|byte| *byte == b':') {
        Some(at) if authority[at + 1..].iter().all(u8::is_ascii_digit) && !authority[..at].contains(&b':') => {
            &authority[..at]
        }
        // An IPv6 address: the colon counts behind the bracket only.
        Some(at) if at > 0 && authority[at - 1] == b']' => &authority[..at],
        _ => authority,
    }
}

/// What the connection manager refuses.
pub(super) fn check(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) -> Result<(), Reply> {
    let config = &call.http.config;
    let head = &scratch.request;
    if head.version == Version::Http10 && !config.http1.accept_http_10 {
        call.closes = true;
        return Err(Reply::status(426, "low_version"));
    }
    if head.form == TargetForm::Absolute && !config.http1.allow_absolute_url {
        return Err(Reply::status(400, "http1.absolute_url_not_allowed"));
    }
    if head.authority.is_empty() && head.version == Version::Http11 && head.form == TargetForm::Absolute {
        return Err(Reply::status(400, "missing_host_header"));
    }
    if !matches!(head.form, TargetForm::Authority | TargetForm::Asterisk) {
        let request = RequestView::new(head, buffer.filled());
        match path::normalize(request.path_bytes(), config.path, &mut scratch.path) {
            path::Normalized::Same => {}
            path::Normalized::Changed => {
                call.is_path_changed = true;
                scratch.edits.set_target(&scratch.path);
            }
            path::Normalized::Redirect => return Err(Reply::to_path(&scratch.path)),
            path::Normalized::Rejected => {
                call.flags = call.flags.with(Failure::DownstreamProtocol.flags());
                return Err(Reply::status(400, "path_normalization_failed"));
            }
        }
    }
    Ok(())
}

/// Adds and removes what every hop of this kind does: forwarding headers, request id, trace, hop-by-hop fields.
pub(super) fn edit(call: &mut Call<'_>, buffer: &Buffer, scratch: &mut Scratch) {
    let request = RequestView::new(&scratch.request, buffer.filled());
    let edits = &mut scratch.edits;
    let config = &call.http.config;
    let content_type = request.known(Known::ContentType).unwrap_or_default();
    call.is_grpc =
        content_type.starts_with(b"application/grpc") && matches!(content_type.get(16), None | Some(b'+' | b';'));
    let upgrade = scratch
        .request
        .wants_upgrade
        .then(|| scratch.request.upgrade_to.of(request.buffer()));
    edits.strip_hop_by_hop(request.buffer(), request.fields(), upgrade);
    if scratch.request.expects_continue {
        // We answer it ourselves, once the request is on its way.
        edits.remove_known(request.fields(), Known::Expect);
    }
    forwarded_for(call, request, edits);
    let is_tls = call.served.facts.peer_tls.is_some();
    if config.use_remote_address {
        edits.remove_known(request.fields(), Known::ForwardedProto);
        edits.append("x-forwarded-proto", if is_tls { b"https" } else { b"http" });
    } else if request.known(Known::ForwardedProto).is_none() {
        edits.append("x-forwarded-proto", if is_tls { b"https" } else { b"http" });
    }
    client_certificate(call, request, edits);
    if config.generate_request_id {
        let is_foreign = config.use_remote_address && !config.preserve_external_request_id && !is_private(call.remote);
        if is_foreign {
            edits.remove_known(request.fields(), Known::RequestId);
        }
        if is_foreign || request.known(Known::RequestId).is_none() {
            edits.append("x-request-id", &telemetry::new_request_id());
        }
    }
    if config.always_set_request_id_in_response
        && let Some(id) = edits.get(request.buffer(), request.fields(), "x-request-id")
    {
        scratch.notes.request_id.extend_from_slice(id);
    }
    if !config.via.is_empty() {
        edits.append("via", config.via.as_bytes());
    }
}

/// Who the client is, and its place in `x-forwarded-for`.
fn forwarded_for(call: &mut Call<'_>, request: RequestView<'_>, edits: &mut Edits) {
    let config = &call.http.config;
    let peer = call.served.facts.peer;
    let existing = request.known(Known::ForwardedFor);
    let hops = config.xff_num_trusted_hops as usize;
    if !config.use_remote_address || hops > 0 {
        let skipped = if config.use_remote_address { hops - 1 } else { hops };
        let address = existing
            .and_then(|value| std::str::from_utf8(value).ok())
            .and_then(|value| value.rsplit(',').nth(skipped)?.trim().parse::<IpAddr>().ok());
        if let Some(address) = address {
            call.remote = Some(SocketAddr::new(address, 0));
        }
    }
    if !config.use_remote_address || config.skip_xff_append {
        return;
    }
    let Some(peer) = peer else { return };
    let mut text = [0_u8; 64];
    let len = {
        let mut rest = &mut text[..];
        let before = rest.len();
        // An address has at most 45 characters.
        let _ = std::io::Write::write_fmt(&mut rest, format_args!("{}", peer.ip().to_canonical()));
        before - rest.len()
    };
    if existing.is_some() {
        edits.remove_known(request.fields(), Known::ForwardedFor);
    }
    edits.append_with("x-forwarded-for", |out| {
        for value in request.header_all("x-forwarded-for") {
            out.extend_from_slice(value);
            out.extend_from_slice(b",");
        }
        out.extend_from_slice(&text[..len]);
    });
}

pub(super) fn is_private(address: Option<SocketAddr>) -> bool {
    address.is_some_and(|address| match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_private() || ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    })
}

/// `x-forwarded-client-cert`, by policy.
fn client_certificate(call: &Call<'_>, request: RequestView<'_>, edits: &mut Edits) {
    let config = &call.http.config;
    let is_mutual = call.served.facts.is_mutual_tls();
    let existing = request.known(Known::ForwardedClientCert).is_some();
    let (keeps, adds) = match config.forward_client_cert {
        ForwardClientCert::AlwaysForwardOnly => (true, false),
        ForwardClientCert::Sanitize => (false, false),
        ForwardClientCert::ForwardOnly => (is_mutual, false),
        ForwardClientCert::AppendForward => (is_mutual, is_mutual),
        ForwardClientCert::SanitizeSet => (false, is_mutual),
    };
    if !keeps || adds && existing {
        edits.remove_known(request.fields(), Known::ForwardedClientCert);
    }
    let Some(peer) = call.served.facts.peer_tls.as_ref().filter(|_| adds) else {
        return;
    };
    let details = config.client_cert_details;
    edits.append_with("x-forwarded-client-cert", |out| {
        if keeps {
            for value in request.header_all("x-forwarded-client-cert") {
                out.extend_from_slice(value);
                out.push(b',');
            }
        }
        out.extend_from_slice(Facts::client_cert_text(details, peer).as_bytes());
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_cut_off_names_and_addresses() {
        for (authority, expected) in [
            ("a:80", "a"),
            ("a", "a"),
            ("1.2.3.4:5", "1.2.3.4"),
            ("[::1]:80", "[::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(without_port(authority.as_bytes()), expected.as_bytes(), "{authority}");
        }
    }
}
