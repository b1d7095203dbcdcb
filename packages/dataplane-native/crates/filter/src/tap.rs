//! Recorded requests: which are, and how they are written.

mod write;

use config::{BodyPatterns, HeaderMatcher, HeaderName, RequestView, TapPredicate};

/// A name with its value.
pub type Field = (Vec<u8>, Vec<u8>);

/// What is recorded of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Pseudo-headers among them, which come first.
    pub headers: Vec<Field>,
    /// The body, as far as it is kept.
    pub body: Vec<u8>,
    /// There was more of it.
    pub is_truncated: bool,
    /// What came behind the body.
    pub trailers: Vec<Field>,
}

/// A request with its response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The request.
    pub request: Message,
    /// What the client got; nothing where it got nothing.
    pub response: Message,
}

/// Headers whose values let whoever reads them be somebody else.
const SECRETS: [&[u8]; 4] = [b"authorization", b"proxy-authorization", b"cookie", b"set-cookie"];

impl Trace {
    /// Takes out what nobody should find in a file or on a screen.
    pub fn redact(&mut self) {
        for message in [&mut self.request, &mut self.response] {
            for (name, value) in message.headers.iter_mut().chain(&mut message.trailers) {
                if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
                    *value = b"[redacted]".to_vec();
                }
            }
        }
    }

    /// Memory that it takes, more or less.
    pub fn size(&self) -> usize {
        let of = |message: &Message| {
            let fields = message.headers.iter().chain(&message.trailers);
            message.body.len() + fields.map(|(name, value)| name.len() + value.len() + 48).sum::<usize>()
        };
        of(&self.request) + of(&self.response)
    }
}

/// What a request's head alone says about a predicate; none where that depends on what comes later.
pub fn decides<V: RequestView + ?Sized>(predicate: &TapPredicate, request: &V) -> Option<bool> {
    match predicate {
        TapPredicate::Any => Some(true),
        TapPredicate::RequestHeaders(matchers) => Some(matchers.iter().all(|matcher| matcher.matches(request))),
        TapPredicate::Not(rule) => decides(rule, request).map(|passes| !passes),
        TapPredicate::And(rules) => together(rules, request, false),
        TapPredicate::Or(rules) => together(rules, request, true),
        TapPredicate::RequestTrailers(_)
        | TapPredicate::ResponseHeaders(_)
        | TapPredicate::ResponseTrailers(_)
        | TapPredicate::RequestBody(_)
        | TapPredicate::ResponseBody(_) => None,
    }
}

/// One rule that is `decisive` decides; all that are not do so together.
fn together<V: RequestView + ?Sized>(rules: &[TapPredicate], request: &V, decisive: bool) -> Option<bool> {
    let mut is_known = true;
    for rule in rules {
        match decides(rule, request) {
            Some(passes) if passes == decisive => return Some(decisive),
            Some(_) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(!decisive)
}

/// Whether a request that has ended is recorded.
pub fn matches(predicate: &TapPredicate, trace: &Trace) -> bool {
    let all = |matchers: &[HeaderMatcher], fields: &[Field]| {
        let view = Fields(fields);
        matchers.iter().all(|matcher| matcher.matches(&view))
    };
    match predicate {
        TapPredicate::Any => true,
        TapPredicate::And(rules) => rules.iter().all(|rule| matches(rule, trace)),
        TapPredicate::Or(rules) => rules.iter().any(|rule| matches(rule, trace)),
        TapPredicate::Not(rule) => !matches(rule, trace),
        TapPredicate::RequestHeaders(matchers) => all(matchers, &trace.request.headers),
        TapPredicate::RequestTrailers(matchers) => all(matchers, &trace.request.trailers),
        TapPredicate::ResponseHeaders(matchers) => all(matchers, &trace.response.headers),
        TapPredicate::ResponseTrailers(matchers) => all(matchers, &trace.response.trailers),
        TapPredicate::RequestBody(patterns) => has_all(patterns, &trace.request.body),
        TapPredicate::ResponseBody(patterns) => has_all(patterns, &trace.response.body),
    }
}

fn has_all(patterns: &BodyPatterns, body: &[u8]) -> bool {
    let body = match patterns.bytes_limit as usize {
        0 => body,
        limit => &body[..body.len().min(limit)],
    };
    patterns.patterns.iter().all(|pattern| {
        let wanted = pattern.bytes();
        wanted.is_empty() || body.windows(wanted.len()).any(|piece| piece == wanted)
    })
}

/// Recorded fields, as matchers ask for them.
pub(crate) struct Fields<'a>(pub(crate) &'a [Field]);

impl Fields<'_> {
    fn find(&self, name: &str, nth: usize) -> Option<&[u8]> {
        let mut found = self
            .0
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.nth(nth).map(|(_, value)| &**value)
    }
}

impl RequestView for Fields<'_> {
    fn method(&self) -> &[u8] {
        self.find(":method", 0).unwrap_or_default()
    }

    fn path(&self) -> &[u8] {
        self.find(":path", 0).unwrap_or_default()
    }

    fn authority(&self) -> &[u8] {
        self.find(":authority", 0).unwrap_or_default()
    }

    fn scheme(&self) -> &[u8] {
        self.find(":scheme", 0).unwrap_or_default()
    }

    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        self.find(name.as_str(), nth)
    }

    fn value(&self, name: &HeaderName) -> Option<std::borrow::Cow<'_, [u8]>> {
        // A response has another pseudo-header than requests have, and the same test may stand at a response's trailers,
        // which have none.
        let mut all = self
            .0
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str().as_bytes()));
        let (_, first) = all.next()?;
        let rest: Vec<&[u8]> = all.map(|(_, value)| &**value).collect();
        if rest.is_empty() {
            return Some(std::borrow::Cow::Borrowed(first));
        }
        let joined = [&[&first[..]], &rest[..]].concat().join(&b","[..]);
        Some(std::borrow::Cow::Owned(joined))
    }
}

#[cfg(test)]
mod tests;
