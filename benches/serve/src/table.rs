//! What came out, peer by peer.

use std::collections::BTreeMap;

pub struct Table {
    title: String,
    order: Vec<String>,
    samples: BTreeMap<String, (Vec<f64>, Vec<f64>)>,
}

impl Table {
    pub fn new(title: &str) -> Table {
        Table {
            title: title.to_owned(),
            order: Vec::new(),
            samples: BTreeMap::new(),
        }
    }

    /// One round of `name`: requests a second, and seconds of the server's processor a request.
    pub fn add(&mut self, name: &str, per_second: f64, spent: f64) {
        if !self.samples.contains_key(name) {
            self.order.push(name.to_owned());
        }
        let (rates, costs) = self.samples.entry(name.to_owned()).or_default();
        rates.push(per_second);
        costs.push(spent * 1e6);
    }

    pub fn print(&mut self) {
        println!("\n{}\n", self.title);
        println!("| server | requests/s, median | best | processor us/request, least | median |");
        println!("|---|---:|---:|---:|---:|");
        for name in &self.order {
            let Some((rates, costs)) = self.samples.get_mut(name) else {
                continue;
            };
            rates.sort_by(f64::total_cmp);
            costs.sort_by(f64::total_cmp);
            let last = rates.len() - 1;
            println!(
                "| {name} | {:.1}k | {:.1}k | {:.2} | {:.2} |",
                rates[last / 2] / 1e3,
                rates[last] / 1e3,
                costs[0],
                costs[last / 2]
            );
        }
    }
}
