//! Sessions that stay at an endpoint.

use config::{FilterOverride, SessionState, StatefulSession};
use messages::{
    envoy::{
        config::core::v3::TypedExtensionConfig,
        extensions::{
            filters::http::stateful_session::v3 as pb,
            http::stateful_session::{cookie::v3::CookieBasedSessionState, header::v3::HeaderBasedSessionState},
        },
        r#type::http::v3::Cookie,
    },
    google::protobuf::Any,
};

use crate::{
    context::{Context, is},
    short,
    value::{header_name, millis},
};

/// The HTTP filter.
pub(crate) fn filter(cx: &mut Context, any: &Any) -> StatefulSession {
    let pb = cx.unpack(any).unwrap_or_default();
    settings(cx, pb)
}

/// A route's own.
pub(crate) fn per_route(cx: &mut Context, any: &Any) -> Option<FilterOverride> {
    use pb::stateful_session_per_route::Override;
    let pb: pb::StatefulSessionPerRoute = cx.unpack(any)?;
    match pb.r#override {
        Some(Override::Disabled(true)) => Some(FilterOverride::Disabled),
        Some(Override::StatefulSession(pb)) => {
            let settings = cx.within("statefulSession", |cx| settings(cx, pb));
            Some(FilterOverride::StatefulSession(Box::new(settings)))
        }
        Some(Override::Disabled(false)) | None => {
            cx.error("has neither \"disabled\": true nor statefulSession");
            None
        }
    }
}

fn settings(cx: &mut Context, pb: pb::StatefulSession) -> StatefulSession {
    cx.no_effect("statPrefix", !pb.stat_prefix.is_empty());
    let settings = StatefulSession {
        state: pb
            .session_state
            .and_then(|state| cx.within("sessionState", |cx| session_state(cx, state))),
        strict: pb.strict,
    };
    if let Some(invalid) = settings.check() {
        cx.within("sessionState.typedConfig", |cx| {
            cx.within(&invalid.path, |cx| cx.error(invalid.message));
        });
    }
    settings
}

fn session_state(cx: &mut Context, state: TypedExtensionConfig) -> Option<SessionState> {
    let any = cx.required("typedConfig", state.typed_config)?;
    cx.within("typedConfig", |cx| {
        if is::<CookieBasedSessionState>(&any) {
            let pb: CookieBasedSessionState = cx.unpack(&any)?;
            let pb = cx.required("cookie", pb.cookie)?;
            return Some(cx.within("cookie", |cx| cookie(cx, pb)));
        }
        if is::<HeaderBasedSessionState>(&any) {
            let pb: HeaderBasedSessionState = cx.unpack(&any)?;
            return header_name(cx, "name", &pb.name).map(SessionState::Header);
        }
        cx.error(format!(
            "session state {:?} of type {:?} is not supported: take a cookie or a header",
            state.name,
            short(&any.type_url)
        ));
        None
    })
}

fn cookie(cx: &mut Context, pb: Cookie) -> SessionState {
    let attributes = pb.attributes.into_iter();
    SessionState::Cookie {
        ttl_ms: millis(cx, "ttl", pb.ttl).unwrap_or(0),
        name: pb.name.into(),
        path: pb.path.into(),
        attributes: attributes
            .map(|attribute| (attribute.name.into(), attribute.value.into()))
            .collect(),
    }
}
