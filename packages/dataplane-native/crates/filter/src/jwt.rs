//! Tokens of end users (RFC 7519), verified here: who issued them, for whom, and whether they are of now.

mod cache;
mod keys;
mod place;
mod remote;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, rc::Rc, sync::Arc};

use config::{HeaderName, Invalid, JwtAuthn, JwtProvider, JwtRequirement, RemoteJwks, RequestView, RouteMatch};
use serde_json::{Map, Value};

use keys::Keys;
use place::{Place, find_token};
pub use remote::{KeySource, Lack, Wanted};

/// Where the claims are in the metadata.
pub const METADATA: &str = "envoy.filters.http.jwt_authn";

/// A filter that is ready to be asked.
#[derive(Debug)]
pub struct Jwt {
    config: JwtAuthn,
    providers: BTreeMap<Arc<str>, Provider>,
    /// Tells caches of different configurations apart.
    id: u64,
}

#[derive(Debug)]
struct Provider {
    config: JwtProvider,
    places: Vec<Place>,
    keys: ProviderKeys,
    id: u64,
}

#[derive(Debug)]
enum ProviderKeys {
    Local(Keys),
    Remote(Arc<KeySource>),
}

/// Why a token, or a request without one, is refused. The words are Envoy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum JwtError {
    Missing,
    Malformed,
    UnknownIssuer,
    UnknownKey,
    BadSignature,
    Expired,
    NotYet,
    NoExpiration,
    WrongAudience,
    NoKeys,
}

impl JwtError {
    /// As the client reads it.
    pub fn message(self) -> &'static str {
        match self {
            Self::Missing => "Jwt is missing",
            Self::Malformed => "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
            Self::UnknownIssuer => "Jwt issuer is not configured",
            Self::UnknownKey => "Jwks doesn't have key to match kid or alg from Jwt",
            Self::BadSignature => "Jwt verification fails",
            Self::Expired => "Jwt is expired",
            Self::NotYet => "Jwt not yet valid",
            Self::NoExpiration => "Jwt has no expiration, or one that is too far away",
            Self::WrongAudience => "Audiences in Jwt are not allowed",
            Self::NoKeys => "Jwks remote fetch is failed",
        }
    }

    /// Status of the answer.
    pub fn status(self) -> u16 {
        if self == Self::WrongAudience { 403 } else { 401 }
    }
}

/// What to do with a request.
#[derive(Debug, Default, PartialEq)]
pub struct JwtPass {
    /// Claims, for rules that come later.
    pub metadata: Option<Value>,
    /// Headers that are removed: the token, and what clients must not say themselves.
    pub remove: Vec<HeaderName>,
    /// Headers that are set.
    pub set: Vec<(HeaderName, Vec<u8>)>,
    /// What is known of the request now may lead to another route.
    pub reroutes: bool,
}

/// A token that was verified.
#[derive(Debug)]
struct Verified {
    claims: Map<String, Value>,
    /// The payload as it was sent, base64url.
    payload: String,
}

impl Jwt {
    /// Compiles the configuration. `new_id` gives numbers that were never used before, `source` where keys are that have to
    /// be fetched: one for all who fetch the same.
    pub fn new(
        config: &JwtAuthn,
        mut new_id: impl FnMut() -> u64,
        mut source: impl FnMut(&RemoteJwks) -> Arc<KeySource>,
    ) -> Result<Self, Invalid> {
        let mut providers = BTreeMap::new();
        for (name, provider) in &config.providers {
            let keys = match &provider.remote_jwks {
                Some(remote) => ProviderKeys::Remote(source(remote)),
                None => ProviderKeys::Local(Keys::parse(&provider.jwks).map_err(|message| {
                    Invalid::new(message)
                        .field("jwks")
                        .field(&format!("[{name:?}]"))
                        .field("providers")
                })?),
            };
            let provider = Provider {
                config: provider.clone(),
                places: Place::all(provider),
                keys,
                id: new_id(),
            };
            providers.insert(Arc::clone(name), provider);
        }
        let jwt = Self {
            config: config.clone(),
            providers,
            id: new_id(),
        };
        for (index, rule) in config.rules.iter().enumerate() {
            if let Some(requirement) = &rule.requires {
                jwt.check(requirement)
                    .map_err(|invalid| invalid.field("requires").index(index).field("rules"))?;
            }
        }
        for (name, requirement) in &config.requirements {
            jwt.check(requirement)
                .map_err(|invalid| invalid.field(&format!("[{name:?}]")).field("requirements"))?;
        }
        Ok(jwt)
    }

    fn check(&self, requirement: &JwtRequirement) -> Result<(), Invalid> {
        match requirement {
            JwtRequirement::Provider { name, .. } if !self.providers.contains_key(name) => {
                Err(Invalid::new(format!("there is no provider {name:?}")).field("provider"))
            }
            JwtRequirement::Named(name) if !self.config.requirements.contains_key(name) => {
                Err(Invalid::new(format!("there is no requirement {name:?}")).field("named"))
            }
            JwtRequirement::Any(list) | JwtRequirement::All(list) => list.iter().try_for_each(|one| self.check(one)),
            _ => Ok(()),
        }
    }

    /// Decides about a request at a time in seconds since 1970. `matches` says whether a rule's condition holds;
    /// `requirement` is the one that the route names. Where keys have to be fetched first, `wanted` says so, and the decision
    /// is none yet.
    pub fn decide<V: RequestView>(
        &self,
        view: &V,
        now_s: u64,
        requirement: Option<&str>,
        matches: impl Fn(&RouteMatch) -> bool,
        wanted: &mut Wanted,
    ) -> Result<JwtPass, JwtError> {
        let mut pass = JwtPass::default();
        if self.config.bypass_cors_preflight && is_preflight(view) {
            return Ok(pass);
        }
        // What we say about a token nobody else may say.
        for provider in self.providers.values() {
            pass.remove.extend(provider.config.payload_header.clone());
            let headers = provider.config.claim_headers.iter();
            pass.remove.extend(headers.map(|claim| claim.header.clone()));
        }
        let needed = match requirement {
            Some(name) => self.config.requirements.get(name),
            None => self
                .config
                .rules
                .iter()
                .find(|rule| matches(&rule.matches))
                .and_then(|rule| rule.requires.as_ref()),
        };
        if let Some(needed) = needed {
            self.satisfy(needed, view, now_s, &mut pass, wanted)?;
        }
        Ok(pass)
    }

    fn satisfy<V: RequestView>(
        &self,
        requirement: &JwtRequirement,
        view: &V,
        now_s: u64,
        pass: &mut JwtPass,
        wanted: &mut Wanted,
    ) -> Result<(), JwtError> {
        match requirement {
            JwtRequirement::Provider { name, audiences } => {
                let provider = self.providers.get(name).ok_or(JwtError::UnknownIssuer)?;
                provider.satisfy(audiences.as_deref(), view, now_s, pass, wanted)
            }
            JwtRequirement::All(list) => list
                .iter()
                .try_for_each(|one| self.satisfy(one, view, now_s, pass, wanted)),
            JwtRequirement::Any(list) => {
                // The reason that tells most: a token that is wrong says more than a place where none is.
                let mut reason = JwtError::Missing;
                for one in list {
                    match self.satisfy(one, view, now_s, pass, wanted) {
                        Ok(()) => return Ok(()),
                        Err(JwtError::Missing) => {}
                        Err(JwtError::UnknownIssuer) if reason != JwtError::Missing => {}
                        Err(error) => reason = error,
                    }
                }
                Err(reason)
            }
            JwtRequirement::AllowMissing | JwtRequirement::AllowMissingOrFailed => {
                let mut reason = None;
                for provider in self.providers.values() {
                    match provider.satisfy(None, view, now_s, pass, wanted) {
                        Ok(()) => return Ok(()),
                        Err(JwtError::Missing) => {}
                        Err(JwtError::UnknownIssuer) if reason.is_some() => {}
                        Err(error) => reason = Some(error),
                    }
                }
                match reason {
                    Some(error) if *requirement == JwtRequirement::AllowMissing => Err(error),
                    _ => Ok(()),
                }
            }
            JwtRequirement::Named(name) => {
                let named = self.config.requirements.get(name).ok_or(JwtError::UnknownIssuer)?;
                self.satisfy(named, view, now_s, pass, wanted)
            }
        }
    }

    /// A number for this configuration.
    pub fn id(&self) -> u64 {
        self.id
    }
}

fn is_preflight<V: RequestView>(view: &V) -> bool {
    let has = |name: &str| HeaderName::new(name).is_ok_and(|name| view.header_at(&name, 0).is_some());
    view.method() == b"OPTIONS" && has("origin") && has("access-control-request-method")
}

impl Provider {
    fn satisfy<V: RequestView>(
        &self,
        audiences: Option<&[Arc<str>]>,
        view: &V,
        now_s: u64,
        pass: &mut JwtPass,
        wanted: &mut Wanted,
    ) -> Result<(), JwtError> {
        let (token, place) = find_token(&self.places, view).ok_or(JwtError::Missing)?;
        let verified = match &self.keys {
            ProviderKeys::Local(keys) => cache::find((self.id, 0), &token, || self.verify(&token, keys))?,
            ProviderKeys::Remote(source) => self.verify_fetched(&token, source, now_s, wanted)?,
        };
        self.check_claims(&verified.claims, audiences, now_s)?;
        self.apply(&verified, place, pass);
        Ok(())
    }

    /// The same with keys that are fetched.
    fn verify_fetched(
        &self,
        token: &str,
        source: &Arc<KeySource>,
        now_s: u64,
        wanted: &mut Wanted,
    ) -> Result<Rc<Verified>, JwtError> {
        let generation = source.generation();
        let lack = || Lack {
            source: Arc::clone(source),
            generation,
        };
        if !wanted.has_fetched && source.is_due(now_s) {
            // A token that somebody else issued is no reason to fetch.
            self.check_issuer(token)?;
            wanted.sources.push(lack());
            return Err(JwtError::NoKeys);
        }
        let generation = generation.ok_or(JwtError::NoKeys)?;
        let result = cache::find((self.id, generation), token, || {
            let keys = source.keys().ok_or(JwtError::NoKeys)?;
            self.verify(token, &keys)
        });
        if matches!(result, Err(JwtError::UnknownKey)) && !wanted.has_fetched && source.may_refetch(now_s) {
            wanted.sources.push(lack());
        }
        result
    }

    fn check_issuer(&self, token: &str) -> Result<Map<String, Value>, JwtError> {
        let mut parts = token.split('.');
        let (Some(_), Some(payload), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(JwtError::Malformed);
        };
        let claims = keys::unverified_claims(payload).ok_or(JwtError::Malformed)?;
        let issuer = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
        if !self.config.issuer.is_empty() && issuer != &*self.config.issuer {
            return Err(JwtError::UnknownIssuer);
        }
        Ok(claims)
    }

    /// What does not change with time: issuer and signature.
    fn verify(&self, token: &str, keys: &Keys) -> Result<Verified, JwtError> {
        let claims = self.check_issuer(token)?;
        keys.verify(token)?;
        Ok(Verified {
            claims,
            payload: token.split('.').nth(1).unwrap_or_default().to_owned(),
        })
    }

    fn check_claims(
        &self,
        claims: &Map<String, Value>,
        audiences: Option<&[Arc<str>]>,
        now_s: u64,
    ) -> Result<(), JwtError> {
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let (now, skew) = (now_s as f64, self.config.clock_skew_s as f64);
        match time("exp") {
            Some(expires) if expires + skew < now => return Err(JwtError::Expired),
            Some(expires) => {
                let longest = self.config.max_lifetime_s.map(|seconds| seconds as f64);
                if longest.is_some_and(|longest| expires - now > longest + skew) {
                    return Err(JwtError::NoExpiration);
                }
            }
            None if self.config.requires_expiration || self.config.max_lifetime_s.is_some() => {
                return Err(JwtError::NoExpiration);
            }
            None => {}
        }
        if time("nbf").is_some_and(|begins| begins > now + skew) {
            return Err(JwtError::NotYet);
        }
        let wanted = audiences.unwrap_or(&self.config.audiences);
        if wanted.is_empty() {
            return Ok(());
        }
        // A slash at the end and the scheme do not matter, as in Envoy.
        let plain = |text: &str| {
            let text = text
                .strip_prefix("https://")
                .or_else(|| text.strip_prefix("http://"))
                .unwrap_or(text);
            text.strip_suffix('/').unwrap_or(text).to_owned()
        };
        let is_wanted = |text: &str| wanted.iter().any(|one| plain(one) == plain(text));
        let is_for_us = match claims.get("aud") {
            Some(Value::String(one)) => is_wanted(one),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(is_wanted),
            _ => false,
        };
        if is_for_us {
            Ok(())
        } else {
            Err(JwtError::WrongAudience)
        }
    }

    fn apply(&self, verified: &Verified, place: &Place, pass: &mut JwtPass) {
        let config = &self.config;
        pass.reroutes |= config.clears_route;
        if let (false, Place::Header(name, _)) = (config.forward, place) {
            pass.remove.push(name.clone());
        }
        if let Some(header) = &config.payload_header {
            let mut payload = verified.payload.clone().into_bytes();
            if config.pad_payload_header {
                payload.resize(payload.len().next_multiple_of(4), b'=');
            }
            pass.set.push((header.clone(), payload));
        }
        for claim in &config.claim_headers {
            let value = claim
                .claim
                .split('.')
                .try_fold(None::<&Value>, |found, key| {
                    let next = match found {
                        None => verified.claims.get(key),
                        Some(value) => value.get(key),
                    };
                    next.map(Some)
                })
                .flatten();
            let text = match value {
                Some(Value::String(text)) => Some(text.clone()),
                Some(value @ (Value::Number(_) | Value::Bool(_))) => Some(value.to_string()),
                Some(value @ (Value::Object(_) | Value::Array(_))) => Some(keys::to_base64(&value.to_string())),
                _ => None,
            };
            if let Some(text) = text {
                pass.set.push((claim.header.clone(), text.into_bytes()));
            }
        }
        if !config.payload_in_metadata.is_empty() {
            let mut claims = verified.claims.clone();
            for name in &config.space_delimited_claims {
                if let Some(Value::String(text)) = claims.get(&**name) {
                    let list = text
                        .split(' ')
                        .filter(|part| !part.is_empty())
                        .map(Value::from)
                        .collect();
                    claims.insert(name.to_string(), list);
                }
            }
            let all = pass.metadata.get_or_insert_with(|| Value::Object(Map::new()));
            all[METADATA][&*config.payload_in_metadata] = Value::Object(claims);
        }
    }
}
