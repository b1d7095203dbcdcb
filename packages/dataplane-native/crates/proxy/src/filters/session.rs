//! Sessions that stay at an endpoint.

use std::net::SocketAddr;

use config::{RequestView, StatefulSession};
use route::{ClusterChoice, Found, SessionMark};

use super::{Effective, Effects, FilterContext, HttpFilters, Outcome, effective};

/// What a request said about its session, to the filter at this place.
pub(crate) struct Session {
    said: route::Session,
    is_strict: bool,
    position: usize,
}

impl Session {
    /// Where the session is.
    pub(crate) fn preferred(&self) -> Option<balance::Preferred> {
        self.said.endpoint.map(|address| balance::Preferred {
            address,
            is_strict: self.is_strict,
        })
    }
}

fn now_s() -> u64 {
    telemetry::unix_micros() as u64 / 1_000_000
}

pub(super) fn read<V: RequestView>(
    settings: &StatefulSession,
    context: &FilterContext<'_, V>,
    position: usize,
    effects: &mut Effects,
) -> Outcome {
    let said = settings
        .state
        .as_ref()
        .and_then(|state| route::Session::read(state, context.view, now_s()));
    if let Some(said) = said {
        effects.session = Some(Box::new(Session {
            said,
            is_strict: settings.strict,
            position,
        }));
    }
    Outcome::Continue
}

/// Tells the client where its session is now, if it does not know: a header's name and value.
pub(crate) fn mark_session(
    filters: &HttpFilters,
    found: Found<'_>,
    choice: ClusterChoice<'_>,
    session: &Session,
    endpoint: SocketAddr,
    mut append: impl FnMut(&str, &str, bool),
) {
    let Some(Effective::Session(StatefulSession { state: Some(state), .. })) = filters
        .list
        .get(session.position)
        .map(|filter| effective(filter, Some(found), choice))
    else {
        return;
    };
    match session.said.mark(state, endpoint, now_s()) {
        Some(SessionMark::Cookie(value)) => append("set-cookie", &value, true),
        Some(SessionMark::Header(name, value)) => append(name.as_str(), &value, false),
        None => {}
    }
}
