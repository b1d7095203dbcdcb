//! Which routes of a virtual host can match a path at all, in their order.

use std::collections::HashMap;

use config::{PathMatch, Route};

/// Below this many routes comparing each is faster than any index.
const SMALL: usize = 8;
/// Prefixes of one path that have routes; deeper ones are found by comparing all routes.
const MAX_SOURCES: usize = 32;

/// Exact paths in a map, prefixes in a radix trie whose nodes carry the routes' ordinals; what neither can index
/// (regular expressions, paths without case, CONNECT) is always a candidate, and is looked at when its turn comes.
#[derive(Debug)]
pub(crate) struct PathIndex {
    routes: u32,
    exact: HashMap<Box<[u8]>, Vec<u32>, foldhash::fast::RandomState>,
    trie: Vec<Node>,
    always: Vec<u32>,
}

#[derive(Debug, Default)]
struct Node {
    label: Box<[u8]>,
    children: Vec<u32>,
    ordinals: Vec<u32>,
}

impl PathIndex {
    pub(crate) fn new(routes: &[Route]) -> Self {
        let mut index = Self {
            routes: routes.len() as u32,
            exact: HashMap::default(),
            trie: vec![Node::default()],
            always: Vec::new(),
        };
        if routes.len() <= SMALL {
            return index;
        }
        for (ordinal, route) in routes.iter().enumerate() {
            let ordinal = ordinal as u32;
            match &route.matches.path {
                PathMatch::Exact(path) if route.matches.case_sensitive => {
                    index.exact.entry(path.as_bytes().into()).or_default().push(ordinal);
                }
                PathMatch::Prefix(path) | PathMatch::SeparatedPrefix(path) if route.matches.case_sensitive => {
                    index.insert_prefix(path.as_bytes(), ordinal);
                }
                _ => index.always.push(ordinal),
            }
        }
        index
    }

    fn insert_prefix(&mut self, mut path: &[u8], ordinal: u32) {
        let mut at = 0;
        while !path.is_empty() {
            let child = self.trie[at]
                .children
                .iter()
                .copied()
                .find(|child| self.trie[*child as usize].label[0] == path[0]);
            let Some(child) = child else {
                let leaf = self.push(Node {
                    label: path.into(),
                    ..Node::default()
                });
                self.trie[at].children.push(leaf);
                at = leaf as usize;
                break;
            };
            at = child as usize;
            let common = self.trie[at].label.iter().zip(path).take_while(|(a, b)| a == b).count();
            if common < self.trie[at].label.len() {
                self.split(at, common);
            }
            path = &path[common..];
        }
        self.trie[at].ordinals.push(ordinal);
    }

    /// Moves what follows the first `common` bytes of a node's label into a child.
    fn split(&mut self, at: usize, common: usize) {
        let node = std::mem::take(&mut self.trie[at]);
        let (head, tail) = (node.label[..common].into(), node.label[common..].into());
        let rest = self.push(Node { label: tail, ..node });
        self.trie[at] = Node {
            label: head,
            children: vec![rest],
            ordinals: Vec::new(),
        };
    }

    fn push(&mut self, node: Node) -> u32 {
        self.trie.push(node);
        (self.trie.len() - 1) as u32
    }

    /// Routes that can match `path`, in their order.
    pub(crate) fn candidates<'i>(&'i self, path: &[u8]) -> Candidates<'i> {
        let all = Candidates {
            sources: [&[]; MAX_SOURCES],
            len: 0,
            all: 0..self.routes,
        };
        if self.routes as usize <= SMALL {
            return all;
        }
        let mut found = Candidates {
            all: 0..0,
            ..all.clone()
        };
        let fits = self.collect(path, &mut found);
        if fits { found } else { all }
    }

    fn collect<'i>(&'i self, path: &[u8], found: &mut Candidates<'i>) -> bool {
        let mut fits = found.add(&self.always);
        if let Some(ordinals) = self.exact.get(path) {
            fits &= found.add(ordinals);
        }
        let mut node = &self.trie[0];
        let mut rest = path;
        loop {
            fits &= found.add(&node.ordinals);
            let next = node
                .children
                .iter()
                .map(|child| &self.trie[*child as usize])
                .find(|child| rest.starts_with(&child.label));
            let Some(next) = next else { return fits };
            rest = &rest[next.label.len()..];
            node = next;
        }
    }
}

/// Merges sorted lists of ordinals.
#[derive(Clone, Debug)]
pub(crate) struct Candidates<'i> {
    sources: [&'i [u32]; MAX_SOURCES],
    len: usize,
    all: std::ops::Range<u32>,
}

impl<'i> Candidates<'i> {
    fn add(&mut self, ordinals: &'i [u32]) -> bool {
        if ordinals.is_empty() {
            return true;
        }
        let Some(slot) = self.sources.get_mut(self.len) else {
            return false;
        };
        *slot = ordinals;
        self.len += 1;
        true
    }
}

impl Iterator for Candidates<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if let Some(ordinal) = self.all.next() {
            return Some(ordinal);
        }
        let sources = &mut self.sources[..self.len];
        let source = sources
            .iter_mut()
            .filter(|source| !source.is_empty())
            .min_by_key(|source| source[0])?;
        let ordinal = source[0];
        *source = &source[1..];
        Some(ordinal)
    }
}

#[cfg(test)]
mod tests {
    use config::{Pattern, RouteMatch};

    use super::*;

    fn routes(paths: Vec<PathMatch>) -> Vec<Route> {
        let route = |path| Route {
            matches: RouteMatch {
                path,
                ..RouteMatch::default()
            },
            ..Route::default()
        };
        paths.into_iter().map(route).collect()
    }

    fn prefix(path: &str) -> PathMatch {
        PathMatch::Prefix(path.into())
    }

    fn candidates(index: &PathIndex, path: &str) -> Vec<u32> {
        index.candidates(path.as_bytes()).collect()
    }

    #[test]
    fn candidates_come_in_the_order_of_the_routes() {
        let mut paths: Vec<PathMatch> = (0..20).map(|n| prefix(&format!("/other/{n}"))).collect();
        paths.insert(3, prefix("/"));
        paths.insert(5, PathMatch::Regex(Pattern::new("/a.*").unwrap()));
        paths.insert(7, prefix("/api/v1"));
        paths.insert(9, PathMatch::Exact("/api/v1/users".into()));
        paths.insert(11, prefix("/api"));
        paths.insert(13, PathMatch::SeparatedPrefix("/api/v1/users".into()));
        let index = PathIndex::new(&routes(paths));
        assert_eq!(candidates(&index, "/api/v1/users"), [3, 5, 7, 9, 11, 13]);
        assert_eq!(candidates(&index, "/api/v2"), [3, 5, 11]);
        assert_eq!(candidates(&index, "nothing"), [5]);
    }

    #[test]
    fn few_routes_are_all_candidates() {
        let index = PathIndex::new(&routes(vec![prefix("/a"), prefix("/b")]));
        assert_eq!(candidates(&index, "/c"), [0, 1]);
    }

    #[test]
    fn a_path_with_very_many_prefixes_still_finds_all() {
        let paths = (1..=60).map(|n| prefix(&"/a".repeat(n))).collect();
        let index = PathIndex::new(&routes(paths));
        assert_eq!(candidates(&index, &"/a".repeat(60)), (0..60).collect::<Vec<_>>());
    }
}
