//! Writing heads. A head is some hundred bytes: copying its untouched runs into one output buffer costs less than
//! handing the kernel a dozen ranges.

use crate::{
    edits::Edits,
    head::{Known, RequestView, ResponseView, TargetForm, Version},
    local_reply::reason_phrase,
};

/// Appends a request's head, as edited, for an upstream: always HTTP/1.1, target in origin form (CONNECT: authority).
pub fn encode_request(view: RequestView<'_>, edits: &Edits, out: &mut Vec<u8>) {
    let head = view.head();
    let buffer = view.buffer();
    // CONNECT with a `:protocol` is an upgrade in HTTP/1 (RFC 8441 section 5).
    let is_extended_connect = head.wants_upgrade && head.version == Version::Http2;
    out.extend_from_slice(if is_extended_connect {
        b"GET"
    } else {
        head.method_text.of(buffer)
    });
    out.push(b' ');
    match edits.target() {
        Some(target) => out.extend_from_slice(target),
        None if head.form == TargetForm::Authority => out.extend_from_slice(head.target.of(buffer)),
        None => out.extend_from_slice(view.path_bytes()),
    }
    out.extend_from_slice(b" HTTP/1.1\r\n");
    // RFC 9112 §3.2.2: an absolute target's authority replaces the Host field; HTTP/1.0 may have none.
    let host = head.fields.known(Known::Host);
    let is_host_of_target = head.form != TargetForm::Origin && host.is_none_or(|field| field.value != head.authority);
    if edits.authority().is_some() || is_host_of_target || host.is_none() {
        let index = host.and_then(|host| head.fields.as_slice().iter().position(|field| field.name == host.name));
        let authority = edits.authority().unwrap_or_else(|| head.authority.of(buffer));
        out.extend_from_slice(b"host: ");
        out.extend_from_slice(authority);
        out.extend_from_slice(b"\r\n");
        edits.write_fields_but(buffer, &head.fields, index, out);
    } else {
        edits.write_fields(buffer, &head.fields, out);
    }
    out.extend_from_slice(b"\r\n");
}

/// Appends a response's head, as edited, for a downstream.
pub fn encode_response(view: ResponseView<'_>, edits: &Edits, out: &mut Vec<u8>) {
    let head = view.head();
    let buffer = view.buffer();
    // "HTTP/1.x SSS" is always as long; only the version is ours.
    out.extend_from_slice(b"HTTP/1.1 ");
    write_status(head.status, out);
    out.push(b' ');
    if head.version == Version::Http2 {
        out.extend_from_slice(reason_phrase(head.status).as_bytes());
    } else {
        out.extend_from_slice(head.reason.of(buffer));
    }
    out.extend_from_slice(b"\r\n");
    edits.write_fields(buffer, &head.fields, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends `HTTP/1.1 <status> <reason>`.
pub fn write_status_line(status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"HTTP/1.1 ");
    write_status(status, out);
    out.push(b' ');
    out.extend_from_slice(reason_phrase(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends a whole response made here. `fields` is text of complete lines; `has_body` false for HEAD.
pub fn write_local_reply(status: u16, fields: &[u8], body: &[u8], has_body: bool, keep_alive: bool, out: &mut Vec<u8>) {
    write_status_line(status, out);
    out.extend_from_slice(fields);
    if !matches!(status, 100..=199 | 204 | 304) {
        out.extend_from_slice(b"content-length: ");
        out.extend_from_slice(itoa::Buffer::new().format(body.len()).as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    if !keep_alive {
        out.extend_from_slice(b"connection: close\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if has_body && !matches!(status, 100..=199 | 204 | 304) {
        out.extend_from_slice(body);
    }
}

fn write_status(status: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(&[
        b'0' + (status / 100 % 10) as u8,
        b'0' + (status / 10 % 10) as u8,
        b'0' + (status % 10) as u8,
    ]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, RequestHead, h1::parse_request};

    fn forwarded(text: &str, edit: impl FnOnce(&mut Edits, RequestView<'_>)) -> String {
        let mut head = RequestHead::default();
        parse_request(text.as_bytes(), &Limits::default(), &mut head).unwrap();
        let view = RequestView::new(&head, text.as_bytes());
        let mut edits = Edits::default();
        edit(&mut edits, view);
        let mut out = Vec::new();
        encode_request(view, &edits, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_untouched_head_is_written_as_it_came() {
        let text = "GET /a?b HTTP/1.1\r\nHost: x\r\nA:  1 \r\nb: 2\r\n\r\n";
        assert_eq!(forwarded(text, |_, _| {}), text);
    }

    #[test]
    fn removed_set_and_appended_fields_are_written_around_untouched_runs() {
        let text = "GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nB: 2\r\nc: 3\r\n\r\n";
        let out = forwarded(text, |edits, view| {
            edits.remove(view.buffer(), view.fields(), "b");
            edits.set(view.buffer(), view.fields(), "C", b"4");
            edits.append("d", b"5");
            edits.set(view.buffer(), view.fields(), "d", b"6");
            assert_eq!(edits.get(view.buffer(), view.fields(), "D"), Some(&b"6"[..]));
        });
        assert_eq!(out, "GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nC: 4\r\nd: 6\r\n\r\n");
    }

    #[test]
    fn hop_by_hop_fields_and_those_that_connection_names_stay_here() {
        let text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close, X-Mine, host\r\nx-mine: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nUpgrade: h2c\r\nkept: 1\r\n\r\n";
        let out = forwarded(text, |edits, view| {
            edits.strip_hop_by_hop(view.buffer(), view.fields(), None);
        });
        assert_eq!(out, "GET / HTTP/1.1\r\nHost: x\r\nkept: 1\r\n\r\n");
    }

    #[test]
    fn of_codings_only_the_wish_for_trailers_goes_on() {
        for (te, expected) in [
            ("TE: trailers\r\n", "TE: trailers\r\n"),
            ("TE: gzip;q=0.5, Trailers\r\n", "te: trailers\r\n"),
            ("TE: gzip\r\nTE: trailers\r\n", "te: trailers\r\n"),
            ("TE: gzip, x-trailers\r\n", ""),
        ] {
            let text = format!("GET / HTTP/1.1\r\nHost: x\r\n{te}\r\n");
            let out = forwarded(&text, |edits, view| {
                edits.strip_hop_by_hop(view.buffer(), view.fields(), None);
            });
            assert_eq!(out, format!("GET / HTTP/1.1\r\nHost: x\r\n{expected}\r\n"));
        }
    }

    #[test]
    fn an_upgrade_is_forwarded_when_it_is_wanted() {
        let text = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let out = forwarded(text, |edits, view| {
            edits.strip_hop_by_hop(view.buffer(), view.fields(), Some(b"websocket"));
        });
        assert_eq!(
            out,
            "GET / HTTP/1.1\r\nHost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        );
    }

    #[test]
    fn an_absolute_target_becomes_a_path_and_its_authority_the_host() {
        let text = "GET http://b:80/x HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(forwarded(text, |_, _| {}), "GET /x HTTP/1.1\r\nhost: b:80\r\n\r\n");
        let text = "GET http://b HTTP/1.1\r\nHost: b\r\n\r\n";
        assert_eq!(forwarded(text, |_, _| {}), "GET / HTTP/1.1\r\nhost: b\r\n\r\n");
    }

    #[test]
    fn what_would_break_a_head_is_not_written() {
        let text = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        let out = forwarded(text, |edits, _| {
            edits.append("a", b"1\r\nevil: 1");
            edits.append("a b", b"1");
            edits.set_target(b"/ HTTP/1.1\r\n");
            edits.set_authority(b"a b");
        });
        assert_eq!(out, text);
    }

    #[test]
    fn a_local_reply_has_a_length_and_says_when_it_closes() {
        let mut out = Vec::new();
        write_local_reply(503, b"content-type: text/plain\r\n", b"no", true, false, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno"
        );
    }
}
