//! Tokens of end users.

use config::RequestView;
use filter::jwt::{Jwt, JwtError, Wanted};

use super::{Effects, FilterContext, Outcome, merge};
use crate::request::{Body, Details, Reply};

pub(super) fn authenticate<V: RequestView>(
    jwt: &Jwt,
    requirement: Option<&str>,
    context: &FilterContext<'_, V>,
    has_fetched: bool,
    effects: &mut Effects,
) -> Outcome {
    let now_s = telemetry::unix_micros() as u64 / 1_000_000;
    let matches = |conditions: &config::RouteMatch| route::matches(conditions, context.view, context.random);
    let mut wanted = Wanted {
        has_fetched,
        ..Wanted::default()
    };
    let decision = jwt.decide(context.view, now_s, requirement, matches, &mut wanted);
    if !wanted.sources.is_empty() {
        return Outcome::Keys(wanted.sources);
    }
    match decision {
        Ok(pass) => {
            let asks = context.routes.is_some_and(|routes| routes.table.asks_metadata());
            let reroutes = pass.reroutes && (asks && pass.metadata.is_some() || !pass.set.is_empty());
            merge(&mut effects.metadata, pass.metadata);
            effects.remove.extend(pass.remove);
            effects.set.extend(pass.set);
            effects.reroutes |= reroutes;
            if reroutes { Outcome::Changed } else { Outcome::Continue }
        }
        Err(error) => {
            let mut reply = Reply {
                body: Body::Static(error.message()),
                details: Details::Owned(format!(
                    "jwt_authn_access_denied{{{}}}",
                    error.message().replace(' ', "_")
                )),
                ..Reply::status(error.status(), "")
            };
            if error.status() == 401 {
                // RFC 6750 section 3.
                reply.fields.extend_from_slice(b"www-authenticate: Bearer realm=\"");
                let realm = [
                    context.view.scheme(),
                    b"://",
                    context.view.authority(),
                    path_only(context.view.path()),
                ]
                .concat();
                reply.fields.extend(
                    realm
                        .into_iter()
                        .filter(|byte| byte.is_ascii_graphic() && *byte != b'"'),
                );
                reply.fields.push(b'"');
                if error != JwtError::Missing {
                    reply.fields.extend_from_slice(b", error=\"invalid_token\"");
                }
                reply.fields.extend_from_slice(b"\r\n");
            }
            Outcome::Reply(reply)
        }
    }
}

fn path_only(path: &[u8]) -> &[u8] {
    path.split(|byte| *byte == b'?').next().unwrap_or_default()
}
