//! The shop: three services, five ways in, and what is promised of each.
//!
//! ```text
//! customers --edge--> storefront --inside--> checkout --inside--> inventory
//!                          |                                          ^
//!                          +-----------------inside-------------------+
//! ```
//!
//! `edge` and `inside` are listeners of one gateway: services call each other through it, so that every hop is balanced,
//! measured and limited.

use std::fmt;
use std::time::Duration;

/// One of the services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// What customers talk to.
    Storefront,
    /// Takes orders.
    Checkout,
    /// Knows what is in stock.
    Inventory,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Storefront, Self::Checkout, Self::Inventory];

    /// Returns its name, in stories and in all files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Storefront => "storefront",
            Self::Checkout => "checkout",
            Self::Inventory => "inventory",
        }
    }

    /// Finds the one of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Returns how many replicas run, each on a port of its own. The two that stories break have three, so that the gateway
    /// has somewhere to go.
    pub const fn replicas(self) -> usize {
        match self {
            Self::Storefront => 2,
            Self::Checkout | Self::Inventory => 3,
        }
    }

    /// Returns how many requests a replica works on at a time; others wait.
    pub(crate) const fn workers(self) -> usize {
        match self {
            Self::Storefront => 2,
            Self::Checkout | Self::Inventory => 4,
        }
    }

    /// Returns how long a request keeps a worker busy in the mean. With two replicas of two workers the storefront does
    /// 100 requests per second, which is what the story `overload` is about.
    pub(crate) const fn work(self) -> Duration {
        match self {
            Self::Storefront => Duration::from_millis(40),
            Self::Checkout => Duration::from_millis(20),
            Self::Inventory => Duration::from_millis(8),
        }
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A route of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Route {
    /// A customer pays; the storefront asks checkout.
    Buy,
    /// A customer looks around; the storefront asks inventory.
    Browse,
    /// The page asks for what else one might like; the storefront answers alone.
    Recommend,
    /// The storefront places an order with checkout, which asks inventory.
    Orders,
    /// Somebody asks inventory.
    Stock,
}

impl Route {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Buy,
        Self::Browse,
        Self::Recommend,
        Self::Orders,
        Self::Stock,
    ];
    /// Those of customers.
    pub const EDGE: [Self; 3] = [Self::Buy, Self::Browse, Self::Recommend];

    /// Returns its name, which is that of its objective as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Browse => "browse",
            Self::Recommend => "recommend",
            Self::Orders => "orders",
            Self::Stock => "stock",
        }
    }

    /// Returns who answers.
    pub const fn service(self) -> Service {
        match self {
            Self::Buy | Self::Browse | Self::Recommend => Service::Storefront,
            Self::Orders => Service::Checkout,
            Self::Stock => Service::Inventory,
        }
    }

    /// Returns the id of the objective that counts its requests.
    pub const fn slo(self) -> &'static str {
        match self {
            Self::Buy => "shop/buy",
            Self::Browse => "shop/browse",
            Self::Recommend => "shop/recommend",
            Self::Orders => "checkout/orders",
            Self::Stock => "inventory/stock",
        }
    }

    /// Returns the path, which the gateway's file has as well.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Buy => "/shop/buy",
            Self::Browse => "/shop/browse",
            Self::Recommend => "/shop/recommend",
            Self::Orders => "/checkout/orders",
            Self::Stock => "/inventory/stock",
        }
    }

    /// Says whether what is sent away counts against its budget: of those who pay nobody may be.
    pub const fn counts_sheds(self) -> bool {
        matches!(self, Self::Buy)
    }

    /// Says whether a request changes something. Those are POST, and the gateway never tries them again.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Buy | Self::Orders)
    }

    /// Returns what the service asks another one for before it answers.
    pub(crate) const fn needs(self) -> Option<Self> {
        match self {
            Self::Buy => Some(Self::Orders),
            Self::Browse | Self::Orders => Some(Self::Stock),
            Self::Recommend | Self::Stock => None,
        }
    }

    /// Returns how many of a hundred customers come for this; 0 for what customers do not ask.
    pub(crate) const fn share_percent(self) -> u64 {
        match self {
            Self::Buy => 10,
            Self::Browse => 55,
            Self::Recommend => 35,
            Self::Orders | Self::Stock => 0,
        }
    }

    /// Returns its place in [`ALL`](Self::ALL).
    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_found_by_their_index_and_all_customers_come_for_something() {
        for (index, route) in Route::ALL.into_iter().enumerate() {
            assert_eq!(route.index(), index);
            assert!(route.slo().ends_with(route.name()));
        }
        let shares: u64 = Route::EDGE.into_iter().map(Route::share_percent).sum();
        assert_eq!(shares, 100);
        assert_eq!(Service::named("checkout"), Some(Service::Checkout));
        assert_eq!(Service::named("Checkout"), None);
    }
}
