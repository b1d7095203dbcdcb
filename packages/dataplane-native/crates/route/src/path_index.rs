//! Which routes of a virtual host can match a path at all, in their order.

use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::{Hash, Hasher},
    sync::Arc,
};

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
    exact: HashMap<ExactPath, Run, foldhash::fast::RandomState>,
    /// The root is the first; the children of a node stand side by side.
    nodes: Box<[Node]>,
    /// Bytes of all nodes' labels.
    labels: Box<[u8]>,
    /// Of all nodes and exact paths.
    ordinals: Box<[u32]>,
    always: Box<[u32]>,
}

/// Some of a list's entries, one after the other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    start: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Node {
    label: Run,
    children: Run,
    ordinals: Run,
}

/// A route's path, found by bytes.
#[derive(Debug, PartialEq, Eq)]
struct ExactPath(Arc<str>);

impl Hash for ExactPath {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_bytes().hash(state);
    }
}

impl Borrow<[u8]> for ExactPath {
    fn borrow(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Run {
    fn of<T>(self, list: &[T]) -> &[T] {
        &list[self.start as usize..][..self.len as usize]
    }

    /// Appends to a list.
    fn append<T: Clone>(list: &mut Vec<T>, items: &[T]) -> Self {
        let start = list.len() as u32;
        list.extend_from_slice(items);
        Self {
            start,
            len: items.len() as u32,
        }
    }
}

/// A trie that grows.
struct Trie(Vec<Branch>);

#[derive(Default)]
struct Branch {
    label: Vec<u8>,
    children: Vec<u32>,
    ordinals: Vec<u32>,
}

impl Trie {
    fn insert(&mut self, mut path: &[u8], ordinal: u32) {
        let mut at = 0;
        while !path.is_empty() {
            let child = self.0[at]
                .children
                .iter()
                .copied()
                .find(|child| self.0[*child as usize].label[0] == path[0]);
            let Some(child) = child else {
                let leaf = self.push(Branch {
                    label: path.into(),
                    ..Branch::default()
                });
                self.0[at].children.push(leaf);
                at = leaf as usize;
                break;
            };
            at = child as usize;
            let common = self.0[at].label.iter().zip(path).take_while(|(a, b)| a == b).count();
            if common < self.0[at].label.len() {
                self.split(at, common);
            }
            path = &path[common..];
        }
        self.0[at].ordinals.push(ordinal);
    }

    /// Moves what follows the first `common` bytes of a node's label into a child.
    fn split(&mut self, at: usize, common: usize) {
        let node = std::mem::take(&mut self.0[at]);
        let (head, tail) = (node.label[..common].into(), node.label[common..].into());
        let rest = self.push(Branch { label: tail, ..node });
        self.0[at] = Branch {
            label: head,
            children: vec![rest],
            ordinals: Vec::new(),
        };
    }

    fn push(&mut self, branch: Branch) -> u32 {
        self.0.push(branch);
        (self.0.len() - 1) as u32
    }

    /// The same without room to grow, level by level.
    fn settle(&self, ordinals: &mut Vec<u32>) -> (Vec<Node>, Vec<u8>) {
        let (mut nodes, mut labels) = (Vec::with_capacity(self.0.len()), Vec::new());
        let mut order = vec![0];
        let mut next = 0;
        while let Some(branch) = order.get(next).map(|at| &self.0[*at as usize]) {
            nodes.push(Node {
                label: Run::append(&mut labels, &branch.label),
                children: Run::append(&mut order, &branch.children),
                ordinals: Run::append(ordinals, &branch.ordinals),
            });
            next += 1;
        }
        (nodes, labels)
    }
}

impl PathIndex {
    pub(crate) fn new(routes: &[Route]) -> Self {
        let mut index = Self {
            routes: routes.len() as u32,
            exact: HashMap::default(),
            nodes: Box::default(),
            labels: Box::default(),
            ordinals: Box::default(),
            always: Box::default(),
        };
        if routes.len() <= SMALL {
            return index;
        }
        let mut exact: HashMap<&Arc<str>, Vec<u32>> = HashMap::new();
        let mut trie = Trie(vec![Branch::default()]);
        let mut always = Vec::new();
        for (ordinal, route) in routes.iter().enumerate() {
            let ordinal = ordinal as u32;
            match &route.matches.path {
                PathMatch::Exact(path) if route.matches.case_sensitive => exact.entry(path).or_default().push(ordinal),
                PathMatch::Prefix(path) | PathMatch::SeparatedPrefix(path) if route.matches.case_sensitive => {
                    trie.insert(path.as_bytes(), ordinal);
                }
                _ => always.push(ordinal),
            }
        }
        let mut ordinals = Vec::new();
        let (nodes, labels) = trie.settle(&mut ordinals);
        for (path, of_path) in exact {
            let run = Run::append(&mut ordinals, &of_path);
            index.exact.insert(ExactPath(Arc::clone(path)), run);
        }
        index.exact.shrink_to_fit();
        Self {
            nodes: nodes.into(),
            labels: labels.into(),
            ordinals: ordinals.into(),
            always: always.into(),
            ..index
        }
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
        if let Some(run) = self.exact.get(path) {
            fits &= found.add(run.of(&self.ordinals));
        }
        let mut node = self.nodes[0];
        let mut rest = path;
        loop {
            fits &= found.add(node.ordinals.of(&self.ordinals));
            let mut children = node.children.of(&self.nodes).iter();
            let next = children.find(|child| rest.starts_with(child.label.of(&self.labels)));
            let Some(next) = next else { return fits };
            rest = &rest[next.label.len as usize..];
            node = *next;
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
