//! Where a token is in a request.

use std::{borrow::Cow, sync::Arc};

use config::{HeaderName, JwtProvider, RequestView};

/// A place of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A header, behind a prefix.
    Header(HeaderName, Arc<str>),
    /// A parameter of the query.
    Param(Arc<str>),
    /// A cookie.
    Cookie(Arc<str>, HeaderName),
}

/// Longest token that is looked at.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

impl Place {
    pub(super) fn all(provider: &JwtProvider) -> Vec<Self> {
        let headers = provider
            .from_headers
            .iter()
            .map(|header| Self::Header(header.name.clone(), Arc::clone(&header.prefix)));
        let params = provider.from_params.iter().map(|name| Self::Param(Arc::clone(name)));
        let cookie = HeaderName::new("cookie").ok();
        let cookies = provider
            .from_cookies
            .iter()
            .filter_map(|name| Some(Self::Cookie(Arc::clone(name), cookie.clone()?)));
        let places: Vec<Self> = headers.chain(params).chain(cookies).collect();
        if !places.is_empty() {
            return places;
        }
        let authorization = HeaderName::new("authorization").ok();
        authorization
            .map(|name| Self::Header(name, "Bearer ".into()))
            .into_iter()
            .chain([Self::Param("access_token".into())])
            .collect()
    }

    fn find<'v, V: RequestView>(&self, view: &'v V) -> Option<Cow<'v, str>> {
        match self {
            Self::Header(name, prefix) => {
                let value = std::str::from_utf8(view.header_at(name, 0)?).ok()?;
                let token = if prefix.is_empty() {
                    value
                } else {
                    let at = value.find(&**prefix)?;
                    &value[at + prefix.len()..]
                };
                // Behind the token other things may stand, as in Envoy.
                let end = token.find(|byte: char| !is_of_token(byte)).unwrap_or(token.len());
                Some(Cow::Borrowed(&token[..end]))
            }
            Self::Param(name) => {
                let path = std::str::from_utf8(view.path()).ok()?;
                let (_, query) = path.split_once('?')?;
                let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
                pairs
                    .into_iter()
                    .find(|(key, _)| *key == &**name)
                    .map(|(_, value)| Cow::Borrowed(value))
            }
            Self::Cookie(name, header) => (0..)
                .map_while(|nth| view.header_at(header, nth))
                .filter_map(|value| std::str::from_utf8(value).ok())
                .flat_map(|value| value.split(';'))
                .filter_map(|pair| pair.trim().split_once('='))
                .find(|(key, _)| *key == &**name)
                .map(|(_, value)| Cow::Owned(value.trim_matches('"').to_owned())),
        }
    }
}

fn is_of_token(byte: char) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, '-' | '_' | '.' | '=')
}

/// The first token in one of the places.
pub(super) fn find_token<'v, 'p, V: RequestView>(
    places: &'p [Place],
    view: &'v V,
) -> Option<(Cow<'v, str>, &'p Place)> {
    places.iter().find_map(|place| {
        let token = place.find(view)?;
        (!token.is_empty() && token.len() <= MAX_TOKEN_BYTES).then_some((token, place))
    })
}
