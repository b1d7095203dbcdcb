//! Asking a service whether a request may pass: what it is asked, and what its answer means.

mod answer;
mod question;
#[cfg(test)]
mod tests;

use config::{AuthzBody, AuthzOverride, AuthzService, ExtAuthz, HeaderName};
use serde_json::Value;

use crate::{
    call::{Answer, Call, CallFailure},
    change::HeaderChange,
};

pub use question::Question;

/// Where metadata of an answer is.
pub const METADATA: &str = "envoy.filters.http.ext_authz";

/// Time for an answer where the configuration says nothing.
const DEFAULT_TIMEOUT_MS: u64 = 200;

/// The filter's settings with those of the route.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'a> {
    config: &'a ExtAuthz,
    of_route: Option<&'a AuthzOverride>,
    /// Those of the places that the route is in, the least specific first.
    outer: [Option<&'a AuthzOverride>; 4],
}

/// Whether a request is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Ask.
    Yes,
    /// It passes.
    Passes,
    /// It is refused.
    Refused,
}

/// What is to be done with a request.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// It passes.
    Allow(Box<Allowed>),
    /// It is refused.
    Deny(Box<Denied>),
    /// The service failed, and that refuses the request.
    Fail {
        /// Status of the answer.
        status: u16,
    },
}

/// What a service changes in a request that passes.
#[derive(Debug, Default, PartialEq)]
pub struct Allowed {
    /// Headers that are removed from the request, then those that are set.
    pub remove: Vec<HeaderName>,
    /// Headers of the request.
    pub set: Vec<HeaderChange>,
    /// The path with its query, if parameters changed.
    pub path: Option<Vec<u8>>,
    /// Headers of its response.
    pub response: Vec<HeaderChange>,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
    /// The route is to be looked for again.
    pub reroutes: bool,
}

/// How a request is refused.
#[derive(Debug, PartialEq)]
pub struct Denied {
    /// Status of the answer.
    pub status: u16,
    /// Its headers.
    pub headers: Vec<HeaderChange>,
    /// Its body.
    pub body: Vec<u8>,
    /// Metadata, by namespace.
    pub metadata: Option<Value>,
}

impl<'a> Settings<'a> {
    /// The filter's, changed by the route's.
    pub fn new(config: &'a ExtAuthz, of_route: Option<&'a AuthzOverride>) -> Self {
        Self {
            config,
            of_route,
            outer: [None; 4],
        }
    }

    /// The same with the settings of all places that the route is in, the least specific first: what they tell the service
    /// adds up.
    #[must_use]
    pub fn within(self, outer: [Option<&'a AuthzOverride>; 4]) -> Self {
        Self { outer, ..self }
    }

    /// Who is asked.
    pub fn service(&self) -> &'a AuthzService {
        let of_route = self.of_route.and_then(|of_route| of_route.service.as_ref());
        of_route.unwrap_or(&self.config.service)
    }

    /// How the body goes with the question; none does not wait for it.
    pub fn body(&self) -> Option<AuthzBody> {
        match self.of_route {
            Some(of_route) if of_route.without_body => None,
            Some(AuthzOverride { body: Some(body), .. }) => Some(*body),
            _ => self.config.body,
        }
    }

    /// Whether a request with this metadata is asked about. `random` decides about shares.
    pub fn asks(&self, metadata: Option<&Value>, random: u64) -> Asked {
        let config = self.config;
        let is_meant = config.enabled.is_none_or(|share| share.contains(random));
        let is_marked = config
            .enabled_metadata
            .as_ref()
            .is_none_or(|matcher| matcher.matches(metadata));
        match (is_meant && is_marked, config.deny_at_disable) {
            (true, _) => Asked::Yes,
            (false, false) => Asked::Passes,
            (false, true) => Asked::Refused,
        }
    }

    /// What the service is asked.
    pub fn call(&self, question: &Question<'_>) -> Call {
        match self.service() {
            AuthzService::Grpc(service) => question::by_grpc(self, service, question),
            AuthzService::Http(service) => question::by_http(self, service, question),
        }
    }

    /// What the service's answer means. `path` is the request's.
    pub fn decide(&self, answer: Result<Answer, CallFailure>, path: &[u8]) -> Decision {
        let decision = answer.and_then(|answer| match self.service() {
            AuthzService::Grpc(_) => answer::of_grpc(self.config, &answer, path),
            AuthzService::Http(service) => answer::of_http(self.config, service, answer),
        });
        decision.unwrap_or_else(|_| self.failed())
    }

    fn failed(&self) -> Decision {
        if !self.config.failure_mode_allow {
            return Decision::Fail {
                status: self.config.status_on_error,
            };
        }
        let mut allowed = Allowed::default();
        if self.config.failure_mode_allow_header_add {
            let name = HeaderName::from_static("x-envoy-auth-failure-mode-allowed");
            allowed.set.push(HeaderChange::set(name, "true"));
        }
        Decision::Allow(Box::new(allowed))
    }

    /// Status of refusals that the service knows nothing of.
    pub fn status_on_error(&self) -> u16 {
        self.config.status_on_error
    }
}
