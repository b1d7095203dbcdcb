//! A request for tests.

use config::{HeaderName, RequestView};

#[derive(Clone, Debug)]
pub(crate) struct TestRequest {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) authority: &'static str,
    pub(crate) scheme: &'static str,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) metadata: Option<serde_json::Value>,
}

impl TestRequest {
    pub(crate) fn get(path: &'static str) -> Self {
        Self {
            method: "GET",
            path,
            authority: "example.com",
            scheme: "http",
            headers: Vec::new(),
            metadata: None,
        }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        // A test ends soon.
        self.headers.push((name, value.to_owned().leak()));
        self
    }

    pub(crate) fn to(self, authority: &'static str) -> Self {
        Self { authority, ..self }
    }
}

impl RequestView for TestRequest {
    fn method(&self) -> &[u8] {
        self.method.as_bytes()
    }

    fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }

    fn authority(&self) -> &[u8] {
        self.authority.as_bytes()
    }

    fn scheme(&self) -> &[u8] {
        self.scheme.as_bytes()
    }

    fn metadata(&self) -> Option<&serde_json::Value> {
        self.metadata.as_ref()
    }

    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        let mut fields = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
        fields.nth(nth).map(|(_, value)| value.as_bytes())
    }
}
