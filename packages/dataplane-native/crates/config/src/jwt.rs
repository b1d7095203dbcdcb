//! End users who prove who they are by tokens.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{HeaderName, RouteMatch};

/// Verifies JSON Web Tokens (`envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct JwtAuthn {
    /// Who issues tokens, by a name of their own.
    pub providers: BTreeMap<Arc<str>, JwtProvider>,
    /// What requests need; the first rule that matches counts. A request that none matches needs nothing.
    pub rules: Vec<JwtRule>,
    /// Requirements that routes refer to by name.
    pub requirements: BTreeMap<Arc<str>, JwtRequirement>,
    /// Let preflight requests of CORS pass.
    pub bypass_cors_preflight: bool,
}

/// Who issues tokens, and where they are in a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a field of the message of its own")]
pub struct JwtProvider {
    /// The claim `iss`; empty takes any.
    pub issuer: Arc<str>,
    /// One of them has to be in the claim `aud`; empty takes any.
    pub audiences: Vec<Arc<str>>,
    /// The JSON Web Key Set (RFC 7517) as text.
    pub jwks: Arc<str>,
    /// Where the key set is fetched from, instead of `jwks`.
    pub remote_jwks: Option<RemoteJwks>,
    /// Headers that carry a token. Without any place the token is in `authorization: Bearer …` or the parameter
    /// `access_token`.
    pub from_headers: Vec<JwtHeader>,
    /// Parameters of the query that carry a token.
    pub from_params: Vec<Arc<str>>,
    /// Cookies that carry a token.
    pub from_cookies: Vec<Arc<str>>,
    /// Send the token on to the application.
    pub forward: bool,
    /// Header for the token's payload in base64url; none sends it not.
    pub payload_header: Option<HeaderName>,
    /// Pad that payload with `=`.
    pub pad_payload_header: bool,
    /// Where the claims are in the metadata of `envoy.filters.http.jwt_authn`; empty keeps them not.
    pub payload_in_metadata: Arc<str>,
    /// Claims that are lists written with spaces, e.g. `scope`.
    pub space_delimited_claims: Vec<Arc<str>>,
    /// Headers for single claims.
    pub claim_headers: Vec<ClaimHeader>,
    /// Difference of clocks that is tolerated, in seconds.
    pub clock_skew_s: u64,
    /// A good token may lead to another route.
    pub clears_route: bool,
    /// A token without `exp` is refused.
    pub requires_expiration: bool,
    /// Longest time between now and `exp` in seconds; `None` is any.
    pub max_lifetime_s: Option<u64>,
}

impl Default for JwtProvider {
    fn default() -> Self {
        Self {
            issuer: "".into(),
            audiences: Vec::new(),
            jwks: "".into(),
            remote_jwks: None,
            from_headers: Vec::new(),
            from_params: Vec::new(),
            from_cookies: Vec::new(),
            forward: false,
            payload_header: None,
            pad_payload_header: false,
            payload_in_metadata: "".into(),
            space_delimited_claims: Vec::new(),
            claim_headers: Vec::new(),
            clock_skew_s: 60,
            clears_route: false,
            requires_expiration: false,
            max_lifetime_s: None,
        }
    }
}

/// A key set that is fetched (`jwt_authn.v3.RemoteJwks`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RemoteJwks {
    /// Where it is, e.g. `https://accounts.example.com/keys`: host and path of the request.
    pub uri: Arc<str>,
    /// The cluster that leads there.
    pub cluster: Arc<str>,
    /// Time for a fetch in milliseconds.
    pub timeout_ms: u64,
    /// How long keys are used before they are fetched again, in milliseconds.
    pub cache_ms: u64,
    /// Fetch before a request needs the keys.
    pub is_ahead: bool,
    /// Time between a fetch ahead that failed and the next, in milliseconds.
    pub failed_refetch_ms: u64,
    /// Attempts after the first of one fetch.
    pub retries: u32,
    /// Time between them: random, up to this one, which doubles, in milliseconds.
    pub retry_interval_ms: u64,
    /// The longest time between them in milliseconds.
    pub max_retry_interval_ms: u64,
}

impl Default for RemoteJwks {
    fn default() -> Self {
        Self {
            uri: "".into(),
            cluster: "".into(),
            timeout_ms: 5_000,
            cache_ms: 600_000,
            is_ahead: false,
            failed_refetch_ms: 1_000,
            retries: 0,
            retry_interval_ms: 1_000,
            max_retry_interval_ms: 10_000,
        }
    }
}

/// A header that carries a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtHeader {
    /// The header.
    pub name: HeaderName,
    /// What stands before the token, e.g. `Bearer ` with its space.
    #[serde(default)]
    pub prefix: Arc<str>,
}

/// A header for a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimHeader {
    /// The header. One that a client sends is removed.
    pub header: HeaderName,
    /// The claim; `a.b` is `b` within `a`.
    pub claim: Arc<str>,
}

/// What certain requests need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JwtRule {
    /// Which requests.
    #[serde(rename = "match", default)]
    pub matches: RouteMatch,
    /// What they need; `None` nothing.
    #[serde(default)]
    pub requires: Option<JwtRequirement>,
}

/// What a request needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum JwtRequirement {
    /// A token of this provider.
    Provider {
        /// Name of the provider.
        name: Arc<str>,
        /// Other audiences than the provider's.
        #[serde(default)]
        audiences: Option<Vec<Arc<str>>>,
    },
    /// One of these.
    Any(Vec<JwtRequirement>),
    /// All of these.
    All(Vec<JwtRequirement>),
    /// No token, or a good one of any provider.
    AllowMissing,
    /// Nothing; a good token counts.
    AllowMissingOrFailed,
    /// One of [`JwtAuthn::requirements`].
    Named(Arc<str>),
}
