//! A workload of hash maps, strings and the allocator. Hash maps are seeded at random, so only what does not depend on
//! their order is printed.

use std::collections::{BTreeMap, HashMap};

fn main() {
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..300_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        *counts.entry(format!("key {}", state % 5_003)).or_default() += state >> 48;
    }
    counts.retain(|_, count| *count % 7 != 0);
    let sorted: BTreeMap<_, _> = counts.iter().collect();
    println!("{} keys, sum {}", counts.len(), counts.values().sum::<u64>());
    for (key, count) in sorted.iter().take(20) {
        println!("{key}: {count}");
    }
}
