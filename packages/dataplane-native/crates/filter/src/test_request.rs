//! A request for tests.

use config::{HeaderName, RequestView};

#[derive(Clone, Debug)]
pub(crate) struct TestRequest {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

impl TestRequest {
    pub(crate) fn get(path: &'static str) -> Self {
        Self {
            method: "GET",
            path,
            headers: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
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
        b"example.com"
    }

    fn scheme(&self) -> &[u8] {
        b"http"
    }

    fn header_at(&self, name: &HeaderName, nth: usize) -> Option<&[u8]> {
        let mut fields = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name.as_str()));
        fields.nth(nth).map(|(_, value)| value.as_bytes())
    }
}
