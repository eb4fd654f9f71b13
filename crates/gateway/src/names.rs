//! Numbers for the names of routes and backends, for as long as the process lives.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Names a route, through reloads; a name that comes back has its number again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouteId(pub u32);

/// Names a backend, through reloads; a name that comes back has its number again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BackendId(pub u32);

/// The numbers that were given away. They are few: as many as names were ever configured.
#[derive(Debug, Default)]
pub struct Names {
    routes: RwLock<Table>,
    backends: RwLock<Table>,
}

#[derive(Debug, Default)]
struct Table {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
}

impl Names {
    /// Returns the route's number, a new one for a new name.
    pub fn route(&self, name: &str) -> RouteId {
        RouteId(number(&self.routes, name))
    }

    /// Returns the backend's number, a new one for a new name.
    pub fn backend(&self, name: &str) -> BackendId {
        BackendId(number(&self.backends, name))
    }

    /// Returns the route's name; empty for a number that was never given.
    pub fn route_name(&self, id: RouteId) -> Arc<str> {
        name(&self.routes, id.0)
    }

    /// Returns all names of routes, each at the place that its number tells.
    pub(crate) fn routes(&self) -> Vec<Arc<str>> {
        all(&self.routes)
    }

    /// Returns all names of backends, each at the place that its number tells.
    pub(crate) fn backends(&self) -> Vec<Arc<str>> {
        all(&self.backends)
    }

    /// Returns the backend's name; empty for a number that was never given.
    pub fn backend_name(&self, id: BackendId) -> Arc<str> {
        name(&self.backends, id.0)
    }
}

fn number(table: &RwLock<Table>, name: &str) -> u32 {
    let mut table = table.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(number) = table.numbers.get(name) {
        return *number;
    }
    let name: Arc<str> = name.into();
    let number = table.names.len() as u32;
    table.names.push(name.clone());
    table.numbers.insert(name, number);
    number
}

fn all(table: &RwLock<Table>) -> Vec<Arc<str>> {
    let table = table.read().unwrap_or_else(PoisonError::into_inner);
    table.names.clone()
}

fn name(table: &RwLock<Table>, number: u32) -> Arc<str> {
    let table = table.read().unwrap_or_else(PoisonError::into_inner);
    table
        .names
        .get(number as usize)
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_comes_back_has_its_number_again() {
        let names = Names::default();
        let (shop, blog) = (names.route("shop"), names.route("blog"));
        assert_ne!(shop, blog);
        assert_eq!(names.route("shop"), shop);
        assert_eq!(&*names.route_name(blog), "blog");
        // Backends are counted for themselves.
        assert_eq!(names.backend("blog"), BackendId(0));
        assert_eq!(&*names.backend_name(BackendId(7)), "");
        let all = names.routes();
        assert_eq!(&*all[shop.0 as usize], "shop");
    }
}
