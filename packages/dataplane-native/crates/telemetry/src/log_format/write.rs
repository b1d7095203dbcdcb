//! Values of a log line.

use std::fmt::Write as _;
use std::net::SocketAddr;

use super::command::{GrpcStatusForm, Piece, Value};
use crate::AccessLog;
use crate::capture::{AddressPart, Captured};
use crate::clock::unix_micros;
use crate::codec::Decoder;
use crate::interner::Interner;

/// One entry that is being written.
pub(super) struct Line<'a> {
    log: &'a AccessLog<'a>,
    captured: Vec<Captured<'a>>,
    strings: &'a Interner,
    omits_empty: bool,
    /// Nothing is escaped: what is written is no line.
    is_raw: bool,
}

/// What an operator wrote.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Absent,
    Number,
    Text,
    Json,
}

impl<'a> Line<'a> {
    pub(super) fn new(
        log: &'a AccessLog<'a>,
        captured: &'a [u8],
        count: usize,
        strings: &'a Interner,
        omits_empty: bool,
    ) -> Self {
        let mut from = Decoder(captured);
        Self {
            log,
            captured: (0..count).map_while(|_| Captured::read(&mut from)).collect(),
            strings,
            omits_empty,
            is_raw: false,
        }
    }

    /// The same without escapes.
    pub(super) fn raw(self) -> Self {
        Self { is_raw: true, ..self }
    }

    pub(super) fn write_pieces(&self, pieces: &[Piece], out: &mut String) {
        for piece in pieces {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Value { value, max } => {
                    if self.write(value, *max, out) == Written::Absent && !self.omits_empty {
                        out.push('-');
                    }
                }
            }
        }
    }

    /// A lone number stays a number, a lone value of metadata stays what it is, and a lone absent value becomes null, as
    /// in Envoy. False: it is absent and left out.
    pub(super) fn write_json(&self, pieces: &[Piece], out: &mut String) -> bool {
        let mut text = String::new();
        if let [Piece::Value { value, max }] = pieces {
            match self.write(value, *max, &mut text) {
                Written::Absent if self.omits_empty => return false,
                Written::Absent => out.push_str("null"),
                Written::Number | Written::Json if max.is_none() => out.push_str(&text),
                Written::Number | Written::Json | Written::Text => push_json_string(out, &text),
            }
            return true;
        }
        self.write_pieces(pieces, &mut text);
        push_json_string(out, &text);
        true
    }

    /// Appends a value, cut to its length.
    fn write(&self, value: &Value, max: Option<usize>, out: &mut String) -> Written {
        let start = out.len();
        let written = self.write_value(value, out);
        if let Some(max) = max
            && let Some((end, _)) = out[start..].char_indices().nth(max)
        {
            out.truncate(start + end);
        }
        written
    }

    fn write_value(&self, value: &Value, out: &mut String) -> Written {
        let start = out.len();
        let log = self.log;
        match value {
            Value::ResponseCode => return push_number(out, u64::from(log.response_code)),
            Value::BytesReceived => return push_number(out, log.request_bytes),
            Value::BytesSent => return push_number(out, log.response_bytes),
            Value::Duration => return push_number(out, log.duration_us / 1000),
            Value::ResponseDuration if log.upstream_duration_us > 0 => {
                return push_number(out, log.upstream_duration_us / 1000);
            }
            Value::ResponseTxDuration if log.upstream_duration_us > 0 => {
                return push_number(out, log.duration_us.saturating_sub(log.upstream_duration_us) / 1000);
            }
            // A header's value, so text; but it is always a number, and is read as one.
            Value::UpstreamServiceTime if log.upstream_duration_us > 0 => {
                push_number(out, log.upstream_duration_us / 1000);
            }
            Value::Attempts => return push_number(out, u64::from(log.attempts)),
            Value::GrpcStatus(form) => match log.grpc_status {
                None => return Written::Absent,
                Some(status) => return write_grpc_status(*form, status, out),
            },
            Value::UpstreamHost => return push_address(out, log.upstream_host, AddressPart::Whole),
            Value::UpstreamRemoteAddress(part) => {
                let connected = log.upstream_host.filter(|_| log.upstream_local.is_some());
                return push_address(out, connected, *part);
            }
            Value::UpstreamLocalAddress(part) => return push_address(out, log.upstream_local, *part),
            Value::DownstreamLocalAddress(part) => return push_address(out, log.downstream_local, *part),
            Value::DownstreamRemoteAddress(part) => return push_address(out, log.downstream_remote, *part),
            Value::Captured(index) => return self.write_captured(*index, out),
            Value::StartTime(format) => format.write(log.start_unix_us, out),
            Value::EmitTime(format) => format.write(unix_micros(), out),
            Value::Method => self.push(out, log.method),
            Value::Path => self.push(out, log.path),
            Value::Protocol => out.push_str(log.protocol),
            Value::ResponseFlags | Value::ResponseFlagsLong if log.flags.is_empty() => out.push('-'),
            Value::ResponseFlags => {
                let _ = write!(out, "{}", log.flags);
            }
            Value::ResponseFlagsLong => log.flags.write_long(out),
            Value::ResponseCodeDetails => push_without_spaces(out, log.details),
            Value::TerminationDetails => push_without_spaces(out, log.termination_details),
            Value::UpstreamFailure => self.push(out, log.upstream_failure.as_bytes()),
            Value::ForwardedFor => self.push(out, log.forwarded_for),
            Value::UserAgent => self.push(out, log.user_agent),
            Value::RequestId => self.push(out, log.request_id),
            Value::UpstreamCluster => self.push(out, self.strings.get(log.upstream_cluster).as_bytes()),
            Value::RequestedServerName => self.push(out, log.server_name.as_bytes()),
            Value::RouteName => self.push(out, self.strings.get(log.route).as_bytes()),
            Value::TraceId => {
                for byte in log.trace_id.iter().flatten() {
                    let _ = write!(out, "{byte:02x}");
                }
            }
            Value::AccessLogType => out.push_str(if log.protocol.is_empty() {
                "TcpConnectionEnd"
            } else {
                "DownstreamEnd"
            }),
            Value::LocalReplyBody => out.push_str(&String::from_utf8_lossy(log.local_reply_body)),
            Value::Constant(text) => out.push_str(text),
            Value::ResponseDuration | Value::ResponseTxDuration | Value::UpstreamServiceTime | Value::Absent => {}
        }
        if out.len() == start {
            Written::Absent
        } else {
            Written::Text
        }
    }

    /// Text of a stranger.
    fn push(&self, out: &mut String, bytes: &[u8]) {
        if self.is_raw {
            out.push_str(&String::from_utf8_lossy(bytes));
        } else {
            push_visible(out, bytes);
        }
    }

    fn write_captured(&self, index: usize, out: &mut String) -> Written {
        match self.captured.get(index) {
            None | Some(Captured::Absent) => Written::Absent,
            // A header that is there and empty is empty, not absent.
            Some(Captured::Text(text)) => {
                self.push(out, text);
                Written::Text
            }
            Some(Captured::Number(number)) => push_number(out, *number),
            Some(Captured::Json(text)) => {
                out.push_str(text);
                Written::Json
            }
        }
    }
}

const GRPC_STATUSES: [(&str, &str); 17] = [
    ("OK", "OK"),
    ("Canceled", "CANCELLED"),
    ("Unknown", "UNKNOWN"),
    ("InvalidArgument", "INVALID_ARGUMENT"),
    ("DeadlineExceeded", "DEADLINE_EXCEEDED"),
    ("NotFound", "NOT_FOUND"),
    ("AlreadyExists", "ALREADY_EXISTS"),
    ("PermissionDenied", "PERMISSION_DENIED"),
    ("ResourceExhausted", "RESOURCE_EXHAUSTED"),
    ("FailedPrecondition", "FAILED_PRECONDITION"),
    ("Aborted", "ABORTED"),
    ("OutOfRange", "OUT_OF_RANGE"),
    ("Unimplemented", "UNIMPLEMENTED"),
    ("Internal", "INTERNAL"),
    ("Unavailable", "UNAVAILABLE"),
    ("DataLoss", "DATA_LOSS"),
    ("Unauthenticated", "UNAUTHENTICATED"),
];

/// A status that has no name is written as its number.
fn write_grpc_status(form: GrpcStatusForm, status: u16, out: &mut String) -> Written {
    let names = GRPC_STATUSES.get(usize::from(status));
    match (form, names) {
        (GrpcStatusForm::Number, _) => push_number(out, u64::from(status)),
        (GrpcStatusForm::Camel, Some((camel, _))) => {
            out.push_str(camel);
            Written::Text
        }
        (GrpcStatusForm::Snake, Some((_, snake))) => {
            out.push_str(snake);
            Written::Text
        }
        (_, None) => {
            push_number(out, u64::from(status));
            Written::Text
        }
    }
}

fn push_number(out: &mut String, number: u64) -> Written {
    out.push_str(itoa::Buffer::new().format(number));
    Written::Number
}

fn push_address(out: &mut String, address: Option<SocketAddr>, part: AddressPart) -> Written {
    let Some(address) = address else {
        return Written::Absent;
    };
    // Formatting into a string cannot fail.
    let _ = match part {
        AddressPart::Whole => write!(out, "{address}"),
        AddressPart::Ip => write!(out, "{}", address.ip()),
        AddressPart::Port => return push_number(out, u64::from(address.port())),
    };
    Written::Text
}

/// Headers come from strangers: nothing in them may end a line or a quoted string.
fn push_visible(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' => out.push_str("\\\""),
                character if character.is_control() => {
                    let _ = write!(out, "\\x{:02x}", u32::from(character));
                }
                character => out.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}

/// Details are one word in a line; Envoy replaces spaces likewise.
fn push_without_spaces(out: &mut String, text: &str) {
    out.extend(text.chars().map(|character| {
        if character.is_whitespace() || character.is_control() {
            '_'
        } else {
            character
        }
    }));
}

pub(super) fn push_json_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            character if character.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            character => out.push(character),
        }
    }
    out.push('"');
}
