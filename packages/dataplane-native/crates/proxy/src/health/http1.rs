//! A check by HTTP/1.1.

use config::HttpHealthCheck;
use http::{
    BodyReader, Buffer, BufferPool, Framing, Limits, Method, ResponseHead,
    h1::{HeadScanner, parse_response},
};
use tls::Connection;

use super::probe::{Answer, MAX_ANSWER, fields, read_more, write_all};
use crate::cluster::CheckFailure;

/// What checks call themselves.
pub(super) const USER_AGENT: &str = "Fairlead/HC";

/// Sends the request and reads the answer. True: another request can follow.
pub(super) async fn exchange(
    check: &HttpHealthCheck,
    host: &str,
    connection: &mut Connection,
) -> Result<(Answer, bool), CheckFailure> {
    write_all(connection, &request(check, host)).await?;
    let pool = BufferPool::default();
    let limits = Limits::default();
    let mut buffer = Buffer::default();
    let mut head = ResponseHead::default();
    let method = Method::parse(check.method.as_bytes());
    let len = loop {
        let len = read_head(connection, &mut buffer, &pool, &limits).await?;
        parse_response(&buffer.filled()[..len], &limits, method, &mut head).map_err(|_| CheckFailure::Protocol)?;
        if head.status == 101 || head.status >= 200 {
            break len;
        }
        buffer.consume(len);
    };
    let mut answer = Answer {
        status: head.status,
        ..Answer::default()
    };
    answer.read_fields(buffer.filled(), &head.fields);
    buffer.consume(len);
    let wanted = wanted_content(check);
    let is_complete = read_content(
        connection,
        &mut buffer,
        &pool,
        head.framing,
        wanted,
        &mut answer.content,
    )
    .await?;
    Ok((answer, is_complete && head.keep_alive && buffer.is_empty()))
}

/// Bytes of the content that are looked at.
pub(super) fn wanted_content(check: &HttpHealthCheck) -> usize {
    if check.receive.is_empty() {
        return 0;
    }
    match check.response_buffer_bytes {
        // As in Envoy, all of it.
        0 => MAX_ANSWER,
        bytes => bytes.min(MAX_ANSWER as u64) as usize,
    }
}

fn request(check: &HttpHealthCheck, host: &str) -> Vec<u8> {
    let mut head = format!("{} {} HTTP/1.1\r\nhost: {host}\r\n", check.method, check.path);
    let has_content = matches!(&*check.method, "POST" | "PUT" | "PATCH");
    let mut defaults = vec![("user-agent", USER_AGENT)];
    if has_content {
        defaults.push(("content-length", "0"));
    }
    for (name, value) in fields(&defaults, &check.headers, &check.remove_headers) {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    head.push_str("\r\n");
    head.into_bytes()
}

async fn read_head(
    connection: &mut Connection,
    buffer: &mut Buffer,
    pool: &BufferPool,
    limits: &Limits,
) -> Result<usize, CheckFailure> {
    let mut scanner = HeadScanner::default();
    loop {
        let found = scanner.find_end(buffer.filled(), limits);
        if let Some(len) = found.map_err(|_| CheckFailure::Protocol)? {
            return Ok(len);
        }
        read_more(connection, buffer, pool).await?;
    }
}

/// Reads the content, and keeps the first `wanted` bytes of it. False where it was not read to its end.
async fn read_content(
    connection: &mut Connection,
    buffer: &mut Buffer,
    pool: &BufferPool,
    framing: Framing,
    wanted: usize,
    content: &mut Vec<u8>,
) -> Result<bool, CheckFailure> {
    let mut reader = BodyReader::new(framing);
    let mut total = 0;
    loop {
        let decoded = reader.decode(buffer.filled_mut());
        let http::Decoded { taken, len, .. } = decoded.map_err(|_| CheckFailure::Protocol)?;
        let room = wanted - content.len();
        content.extend_from_slice(&buffer.filled()[..len.min(room)]);
        buffer.consume(taken);
        total += taken;
        if reader.is_done() {
            return Ok(true);
        }
        // What ends with the connection, or is long, is not worth waiting for.
        let has_enough = content.len() == wanted;
        if has_enough && (matches!(framing, Framing::Close | Framing::Tunnel) || total > MAX_ANSWER) {
            return Ok(false);
        }
        match read_more(connection, buffer, pool).await {
            Ok(()) => {}
            Err(CheckFailure::Closed) if reader.end().is_ok() => return Ok(false),
            Err(failure) => return Err(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_says_who_asks_whom() {
        let check = HttpHealthCheck {
            path: "/healthz?full".into(),
            ..HttpHealthCheck::default()
        };
        assert_eq!(
            String::from_utf8(request(&check, "reviews")).unwrap(),
            "GET /healthz?full HTTP/1.1\r\nhost: reviews\r\nuser-agent: Fairlead/HC\r\n\r\n"
        );
    }
}
