//! The network of a run, as tests configure and break it.

use std::net::IpAddr;
use std::time::Duration;

use crate::rt::sim;

/// How the network of a run behaves. See [`Builder::network`](super::Builder::network).
///
/// Chances are from 0 to 1, for each packet: what one call writes, or a part of it.
#[derive(Clone, Debug)]
pub struct Network {
    /// In nanoseconds, from and to.
    pub(crate) delay: (u64, u64),
    /// Chances in millionths.
    pub(crate) loss: u32,
    pub(crate) duplicates: u32,
    pub(crate) stalls: (u32, u64),
    pub(crate) resets: u32,
    pub(crate) splits: u32,
    names: Vec<(String, IpAddr)>,
}

impl Default for Network {
    fn default() -> Network {
        Network::new()
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos())
        .unwrap_or(u64::MAX / 4)
        .min(u64::MAX / 4)
}

pub(super) fn millionths(chance: f64) -> u32 {
    // In range, so the cast only rounds.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
    let parts = (chance.clamp(0.0, 1.0) * 1e6).round() as u32;
    parts
}

impl Network {
    /// Packets take from a tenth of a millisecond to a whole one; one write in four comes in two parts; nothing breaks.
    #[must_use]
    pub fn new() -> Network {
        Network {
            delay: (100_000, 1_000_000),
            loss: 0,
            duplicates: 0,
            stalls: (0, 0),
            resets: 0,
            splits: 250_000,
            names: Vec::new(),
        }
    }

    /// How long a packet takes, at least and at most. Datagrams overtake each other where these differ; streams keep their order.
    #[must_use]
    pub fn delay(mut self, least: Duration, most: Duration) -> Network {
        self.delay = (nanoseconds(least), nanoseconds(most.max(least)));
        self
    }

    /// The chance that a datagram is lost.
    #[must_use]
    pub fn loss(mut self, chance: f64) -> Network {
        self.loss = millionths(chance);
        self
    }

    /// The chance that a datagram comes twice.
    #[must_use]
    pub fn duplicates(mut self, chance: f64) -> Network {
        self.duplicates = millionths(chance);
        self
    }

    /// The chance that a stream stands still for `duration` before a packet: one that was lost and sent again.
    #[must_use]
    pub fn stalls(mut self, chance: f64, duration: Duration) -> Network {
        self.stalls = (millionths(chance), nanoseconds(duration));
        self
    }

    /// The chance that a connection is reset in place of a packet.
    #[must_use]
    pub fn resets(mut self, chance: f64) -> Network {
        self.resets = millionths(chance);
        self
    }

    /// The chance that what one call writes comes in two parts.
    #[must_use]
    pub fn splits(mut self, chance: f64) -> Network {
        self.splits = millionths(chance);
        self
    }

    /// The address of a name. `localhost` has one.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>, address: impl Into<IpAddr>) -> Network {
        self.names.push((name.into(), address.into()));
        self
    }

    pub(crate) fn address_of(&self, name: &str) -> Option<IpAddr> {
        let given = self.names.iter().rev().find(|(its, _)| its == name);
        let own = (name == "localhost").then_some(sim::network::DEFAULT_HOST);
        given.map(|&(_, address)| address).or(own)
    }
}

/// Calls `body` as if on the host with this address: sockets that it, and threads that it spawns, make are of that host. Where nobody said
/// so that is 127.0.0.1. Loopback addresses, and "any", are each host's own.
///
/// Outside of runs, just the call.
pub fn on_host<T>(address: impl Into<IpAddr>, body: impl FnOnce() -> T) -> T {
    /// Also when the call unwinds.
    struct Restore(IpAddr);
    impl Drop for Restore {
        fn drop(&mut self) {
            sim::set_host(self.0);
        }
    }
    let _restore = Restore(sim::host());
    sim::set_host(address.into());
    body()
}

/// From now on nothing passes between two hosts: datagrams are lost, streams wait until it [heals](heal), connections are given up after
/// some two minutes. Outside of runs, nothing.
pub fn partition(one: impl Into<IpAddr>, other: impl Into<IpAddr>) {
    sim::with_network(|network| network.cut(one.into(), other.into()));
}

/// Ends a [`partition`]: what the streams held up goes on its way.
pub fn heal(one: impl Into<IpAddr>, other: impl Into<IpAddr>) {
    sim::with_network(|network| network.heal(one.into(), other.into()));
}

/// Resets all connections between two hosts, or of one with itself.
pub fn reset(one: impl Into<IpAddr>, other: impl Into<IpAddr>) {
    sim::with_network(|network| network.reset_between(one.into(), other.into()));
}
