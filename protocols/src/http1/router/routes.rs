//! Routes as they are written down, and the router that is made of them.

use std::collections::BTreeMap;

use super::Router;
use super::pattern::{BadRoute, Segment, Why, check_method, parse};
use super::resource::{Resource, Shape};
use super::tree::Sapling;

/// Routes as they are written down: a value for each method and pattern.
///
/// The order is of no matter, except for that of `allow`.
#[derive(Clone, Debug)]
#[must_use = "it becomes a router by `build`"]
pub struct Routes<T> {
    list: Vec<Route<T>>,
}

/// One route.
#[derive(Clone, Debug)]
struct Route<T> {
    /// None for all.
    method: Option<Box<str>>,
    pattern: Box<str>,
    value: T,
}

impl<T> Routes<T> {
    /// None yet.
    pub const fn new() -> Self {
        Routes { list: Vec::new() }
    }

    /// Serves GET, and HEAD as well unless that is named.
    pub fn get(self, pattern: &str, value: T) -> Self {
        self.on("GET", pattern, value)
    }

    /// Serves HEAD otherwise than GET.
    pub fn head(self, pattern: &str, value: T) -> Self {
        self.on("HEAD", pattern, value)
    }

    /// Serves POST.
    pub fn post(self, pattern: &str, value: T) -> Self {
        self.on("POST", pattern, value)
    }

    /// Serves PUT.
    pub fn put(self, pattern: &str, value: T) -> Self {
        self.on("PUT", pattern, value)
    }

    /// Serves PATCH.
    pub fn patch(self, pattern: &str, value: T) -> Self {
        self.on("PATCH", pattern, value)
    }

    /// Serves DELETE.
    pub fn delete(self, pattern: &str, value: T) -> Self {
        self.on("DELETE", pattern, value)
    }

    /// Serves OPTIONS otherwise than with 204 and `allow`.
    pub fn options(self, pattern: &str, value: T) -> Self {
        self.on("OPTIONS", pattern, value)
    }

    /// Serves that method, in capitals: `PROPFIND`.
    pub fn on(self, method: &str, pattern: &str, value: T) -> Self {
        self.with(Some(method.into()), pattern, value)
    }

    /// Serves every method that is not named for this pattern.
    pub fn any(self, pattern: &str, value: T) -> Self {
        self.with(None, pattern, value)
    }

    /// Adds other routes, each behind a prefix: `/list` under `/api` is `/api/list`, and `/` under
    /// `/api` is `/api/`. The prefix may have parameters, and does not end with a slash.
    pub fn under(mut self, prefix: &str, routes: Routes<T>) -> Self {
        let moved = |route: Route<T>| {
            let pattern = [prefix, &*route.pattern].concat();
            Route { pattern: pattern.into(), ..route }
        };
        self.list.extend(routes.list.into_iter().map(moved));
        self
    }

    /// The router of these routes.
    ///
    /// # Errors
    /// [`BadRoute`] for the first one that is none, is there twice, or differs from an earlier one
    /// only in the names of its parameters.
    pub fn build(self) -> Result<Router<T>, BadRoute> {
        let mut nursery = Nursery::new();
        for route in self.list {
            let named = (route.method.clone(), route.pattern.clone());
            nursery.add(route).map_err(|why| {
                let (method, pattern) = named;
                BadRoute { method: method.unwrap_or("any".into()), pattern, why }
            })?;
        }
        Ok(nursery.finish())
    }

    fn with(mut self, method: Option<Box<str>>, pattern: &str, value: T) -> Self {
        self.list.push(Route { method, pattern: pattern.into(), value });
        self
    }
}

impl<T> Default for Routes<T> {
    fn default() -> Self {
        Routes::new()
    }
}

/// A router on its way.
struct Nursery<T> {
    resources: Vec<Resource<T>>,
    /// The number of the resource of each pattern.
    numbers: BTreeMap<Box<str>, usize>,
    tree: Sapling,
}

impl<T> Nursery<T> {
    fn new() -> Self {
        Nursery { resources: Vec::new(), numbers: BTreeMap::new(), tree: Sapling::new() }
    }

    fn add(&mut self, route: Route<T>) -> Result<(), Why> {
        if let Some(method) = &route.method {
            check_method(method)?;
        }
        let number = match self.numbers.get(&route.pattern) {
            Some(number) => *number,
            None => self.resource(&route.pattern)?,
        };
        self.resources[number].add(route.method, route.value)
    }

    /// A new resource, and its number.
    fn resource(&mut self, pattern: &str) -> Result<usize, Why> {
        let segments = parse(pattern)?;
        let number = self.resources.len();
        self.tree.insert(pattern, &segments, number as u32).map_err(|other| {
            Why::OtherNames(self.resources[other as usize].shape().pattern.clone())
        })?;
        let names = segments.iter().filter_map(Segment::name).map(Box::from).collect();
        self.resources.push(Resource::new(Shape { pattern: pattern.into(), names }));
        self.numbers.insert(pattern.into(), number);
        Ok(number)
    }

    fn finish(mut self) -> Router<T> {
        self.resources.iter_mut().for_each(Resource::finish);
        Router::of(self.tree.grow(), self.resources)
    }
}
