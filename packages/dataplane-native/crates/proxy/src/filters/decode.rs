//! Taking the encoding off bodies.

use config::{Decompressor, DecompressorLibrary, HeaderName, RequestView};
use filter::decompress::outermost;
use http::Framing;
use route::{ClusterChoice, Found};

use super::{Effective, Effects, FilterContext, HttpFilters, Outcome, effective};

const CONTENT_ENCODING: &str = "content-encoding";
const ACCEPT_ENCODING: &str = "accept-encoding";

/// What a request is decoded by, and what its upstream is told that it may answer in.
pub(super) fn decode_request<V: RequestView>(
    settings: &Decompressor,
    context: &FilterContext<'_, V>,
    effects: &mut Effects,
) -> Outcome {
    if settings.responses && settings.advertise {
        advertise(settings.library, context, effects);
    }
    let name = HeaderName::from_static(CONTENT_ENCODING);
    let has_body = !matches!(
        context.request.head().framing,
        Framing::None | Framing::Length(0) | Framing::Tunnel
    );
    if !settings.requests || !has_body {
        return Outcome::Continue;
    }
    let value = context.view.value(&name).unwrap_or_default();
    let Some(rest) = outermost(&value, settings.library.encoding()) else {
        return Outcome::Continue;
    };
    let cache_control = context.view.value(&HeaderName::from_static("cache-control"));
    if !settings.ignore_no_transform_of_requests && says_no_transform(cache_control.as_deref()) {
        return Outcome::Continue;
    }
    if rest.is_empty() {
        effects.remove.push(name);
    } else {
        effects.set.push((name, rest.to_vec()));
    }
    Outcome::Decode(settings.library)
}

fn advertise<V: RequestView>(library: DecompressorLibrary, context: &FilterContext<'_, V>, effects: &mut Effects) {
    let name = HeaderName::from_static(ACCEPT_ENCODING);
    let encoding = library.encoding();
    // Another decompressor may have said its own before.
    let said = effects.set.iter().rev().find(|(set, _)| *set == name);
    let accepted = match said {
        Some((_, value)) => value.clone(),
        None => context
            .view
            .value(&name)
            .map(std::borrow::Cow::into_owned)
            .unwrap_or_default(),
    };
    let mut codings = accepted.split(|byte| *byte == b',');
    let is_known = codings.any(|coding| {
        let coding = coding.split(|byte| *byte == b';').next().unwrap_or_default();
        coding.trim_ascii().eq_ignore_ascii_case(encoding.as_bytes())
    });
    if !is_known {
        let separator: &[u8] = if accepted.is_empty() { b"" } else { b"," };
        let value = [&accepted[..], separator, encoding.as_bytes()].concat();
        effects.set.retain(|(set, _)| *set != name);
        effects.set.push((name, value));
    }
}

fn says_no_transform(cache_control: Option<&[u8]>) -> bool {
    let mut directives = cache_control.unwrap_or_default().split(|byte| *byte == b',');
    directives.any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

/// What a response with these fields is decoded by, and what is left of its `content-encoding`.
pub(crate) fn decompressor_of_response<'v>(
    filters: &HttpFilters,
    found: Found<'_>,
    choice: ClusterChoice<'_>,
    response: http::ResponseView<'v>,
) -> Option<(DecompressorLibrary, &'v [u8])> {
    let mut values = response.fields().get_all(response.buffer(), CONTENT_ENCODING);
    let value = values.next()?;
    // Several fields would have to be read as one.
    if values.next().is_some() || response.header("content-range").is_some() {
        return None;
    }
    let mut cache_control = response.fields().get_all(response.buffer(), "cache-control");
    let is_fixed = cache_control.any(|value| says_no_transform(Some(value)));
    // The filter that is nearest to the upstream comes first.
    filters.list.iter().rev().find_map(|filter| {
        let Effective::Decompressor(settings) = effective(filter, Some(found), choice) else {
            return None;
        };
        let applies = settings.responses && (!is_fixed || settings.ignore_no_transform_of_responses);
        let rest = outermost(value, settings.library.encoding()).filter(|_| applies)?;
        Some((settings.library, rest))
    })
}
