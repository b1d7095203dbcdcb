//! Filters that users write in TypeScript: how they are asked, and what their answers mean.
//!
//! Questions and answers are frames, many of them in one batch: length (of what follows), kind, number of the call; numbers are
//! little-endian, texts have their length before them. `packages/dataplane/src/filters/frame.ts` is the other end.

mod frame;
#[cfg(test)]
mod tests;

use config::{FilterModule, HeaderAppendAction, HeaderName, Invalid, NameKind};
use serde_json::Value;

use crate::{
    call::CallFailure,
    change::{HeaderChange, is_value},
    ext_proc::{Changes, Decision, Immediate, Phase},
    extension::{Extension, Shown, WantedBody},
};

pub use frame::{Answers, Frame, load_frame, release_frame};
use frame::{Reader, put_bytes};

/// The largest answer in bytes, and the most of a body that a filter may want.
pub const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// What a module says about itself when it is loaded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// It looks at requests.
    pub on_request: bool,
    /// It looks at responses.
    pub on_response: bool,
    /// What it wants of requests' bodies.
    pub request_body: Option<WantedBody>,
    /// What it wants of responses' bodies.
    pub response_body: Option<WantedBody>,
}

/// A filter as it is configured, with what its module can do.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    config: &'a FilterModule,
    abilities: Abilities,
    instance: u32,
}

/// Kinds of questions.
const LOAD: u8 = 0;
const RELEASE: u8 = 1;
const REQUEST: u8 = 2;
const RESPONSE: u8 = 3;

/// Kinds of answers.
const CHANGES: u8 = 0;
const REPLY: u8 = 1;
const FAILED: u8 = 2;
const LOADED: u8 = 3;
const NOT_LOADED: u8 = 4;

/// Parts of changes.
const REROUTES: u8 = 1;
const HAS_BODY: u8 = 2;

/// Parts of abilities.
const ON_REQUEST: u8 = 1;
const ON_RESPONSE: u8 = 2;
const REQUEST_BODY: u8 = 4;
const PARTIAL_REQUEST_BODY: u8 = 8;
const RESPONSE_BODY: u8 = 16;
const PARTIAL_RESPONSE_BODY: u8 = 32;

/// Why a module is not loaded: its configuration.
const OF_CONFIG: u8 = 1;

impl<'a> Settings<'a> {
    /// For the instance of that number.
    pub fn new(config: &'a FilterModule, abilities: Abilities, instance: u32) -> Self {
        Self {
            config,
            abilities,
            instance,
        }
    }
}

impl Extension for Settings<'_> {
    fn wants(&self, phase: Phase) -> bool {
        match phase {
            Phase::Request => self.abilities.on_request,
            Phase::Response => self.abilities.on_response,
        }
    }

    fn wanted_body(&self, phase: Phase) -> Option<WantedBody> {
        match phase {
            Phase::Request => self.abilities.request_body,
            Phase::Response => self.abilities.response_body,
        }
    }

    fn timeout_ms(&self) -> u64 {
        self.config.timeout_ms
    }

    fn question(&self, phase: Phase, shown: &Shown<'_>) -> Vec<u8> {
        let of_fields: usize = shown
            .fields
            .iter()
            .map(|(name, value)| name.len() + value.len() + 6)
            .sum();
        let body = shown.body.map_or(0, |(bytes, _)| bytes.len());
        let mut out = Vec::with_capacity(128 + shown.path.len() + of_fields + body);
        let kind = match phase {
            Phase::Request => REQUEST,
            Phase::Response => RESPONSE,
        };
        frame::begin(kind, self.instance, &mut out);
        out.extend_from_slice(&shown.status.to_le_bytes());
        for text in [
            shown.method,
            shown.path,
            shown.authority,
            shown.scheme,
            shown.route.as_bytes(),
            shown.client.as_bytes(),
            shown.principal.as_bytes(),
        ] {
            put_bytes(text, &mut out);
        }
        match shown.metadata {
            None => put_bytes(b"", &mut out),
            Some(metadata) => put_bytes(metadata.to_string().as_bytes(), &mut out),
        }
        out.extend_from_slice(&(shown.fields.len() as u16).to_le_bytes());
        for (name, value) in shown.fields {
            out.extend_from_slice(&(name.len() as u16).to_le_bytes());
            out.extend_from_slice(name);
            put_bytes(value, &mut out);
        }
        match shown.body {
            None => out.push(0),
            Some((bytes, is_partial)) => {
                out.push(1 + u8::from(is_partial));
                put_bytes(bytes, &mut out);
            }
        }
        frame::end(&mut out);
        out
    }

    fn decide(&self, phase: Phase, answer: Result<Option<Vec<u8>>, CallFailure>) -> Decision {
        let over = || Changes {
            is_over: true,
            ..Changes::default()
        };
        let decision = match answer {
            Ok(Some(answer)) => understand(phase, &answer, self.wanted_body(phase).is_some()),
            Ok(None) | Err(_) => None,
        };
        match decision {
            Some(decision) => decision,
            None if self.config.failure_mode_allow => Decision::Continue(Box::new(over())),
            None => Decision::Fail {
                status: self.config.status_on_error,
            },
        }
    }
}

/// Whether an answer says that the filter failed.
pub fn is_failure(answer: &[u8]) -> bool {
    answer.first() == Some(&FAILED)
}

/// What a module said when it was told to load: what it can do, or why it cannot be used.
pub fn loaded(answer: &[u8]) -> Result<Abilities, Invalid> {
    let malformed = || Invalid::new("the answer of its thread is malformed").field("module");
    let mut reader = Reader::new(answer);
    match reader.u8() {
        Some(LOADED) => {
            let flags = reader.u8().ok_or_else(malformed)?;
            let mut body = |wanted, partial| {
                let max_bytes = reader.u32().ok_or_else(malformed)?;
                Ok((flags & wanted > 0).then_some(WantedBody {
                    max_bytes: max_bytes.min(MAX_ANSWER_BYTES as u32),
                    allow_partial: flags & partial > 0,
                }))
            };
            Ok(Abilities {
                on_request: flags & ON_REQUEST > 0,
                on_response: flags & ON_RESPONSE > 0,
                request_body: body(REQUEST_BODY, PARTIAL_REQUEST_BODY)?,
                response_body: body(RESPONSE_BODY, PARTIAL_RESPONSE_BODY)?,
            })
        }
        Some(NOT_LOADED) => {
            let field = if reader.u8() == Some(OF_CONFIG) {
                "config"
            } else {
                "module"
            };
            let refusal = |text| Invalid::new(String::from_utf8_lossy(text)).field(field);
            Err(reader.bytes().map_or_else(malformed, refusal))
        }
        _ => Err(malformed()),
    }
}

fn understand(phase: Phase, answer: &[u8], sees_body: bool) -> Option<Decision> {
    let mut reader = Reader::new(answer);
    match reader.u8()? {
        CHANGES => changes(phase, &mut reader, sees_body).map(|changes| Decision::Continue(Box::new(changes))),
        REPLY => reply(&mut reader).map(|reply| Decision::Reply(Box::new(reply))),
        _ => None,
    }
}

fn changes(phase: Phase, reader: &mut Reader<'_>, sees_body: bool) -> Option<Changes> {
    let flags = reader.u8()?;
    let status = Some(reader.u16()?).filter(|status| (200..600).contains(status));
    let (mut remove, mut set) = (Vec::new(), Vec::new());
    for _ in 0..reader.u16()? {
        let action = reader.u8()?;
        let (name, value) = reader.field()?;
        let name = HeaderName::new(std::str::from_utf8(name).ok()?).ok()?;
        // Where a message goes and what frames it is not at a filter's disposal.
        let is_changeable = name.kind() == NameKind::Field || name.kind() == NameKind::Path && phase == Phase::Request;
        if !is_changeable || !is_value(value) {
            return None;
        }
        let change = |action| HeaderChange {
            name: name.clone(),
            value: value.to_vec(),
            action,
        };
        match action {
            0 => remove.push(name),
            1 => set.push(change(HeaderAppendAction::OverwriteIfExistsOrAdd)),
            2 => set.push(change(HeaderAppendAction::AppendIfExistsOrAdd)),
            _ => return None,
        }
    }
    let metadata = metadata(reader.bytes()?)?;
    let body = match flags & HAS_BODY {
        0 => None,
        _ => Some(reader.bytes()?.to_vec()).filter(|_| sees_body),
    };
    Some(Changes {
        remove,
        set,
        status: status.filter(|_| phase == Phase::Response),
        metadata,
        reroutes: flags & REROUTES > 0 && phase == Phase::Request,
        body,
        ..Changes::default()
    })
}

fn reply(reader: &mut Reader<'_>) -> Option<Immediate> {
    let status = Some(reader.u16()?).filter(|status| (200..600).contains(status))?;
    let mut headers = Vec::new();
    for _ in 0..reader.u16()? {
        let (name, value) = reader.field()?;
        let name = HeaderName::new(std::str::from_utf8(name).ok()?).ok()?;
        if name.kind() != NameKind::Field || !is_value(value) {
            return None;
        }
        headers.push(HeaderChange::append(name, value));
    }
    // The length is that of the content, whatever the filter says.
    headers.retain(|header| header.name.as_str() != "content-length");
    let body = reader.bytes()?.to_vec();
    Some(Immediate {
        status,
        headers,
        body,
        grpc_status: None,
        details: "filter_module_response".to_owned(),
        metadata: metadata(reader.bytes()?)?,
    })
}

/// Metadata by namespace; `None` is something else.
#[allow(
    clippy::option_option,
    reason = "no metadata, and no answer that can be understood, are two things"
)]
fn metadata(text: &[u8]) -> Option<Option<Value>> {
    if text.is_empty() {
        return Some(None);
    }
    let value: Value = serde_json::from_slice(text).ok()?;
    value.is_object().then_some(Some(value))
}
