//! A program that sorts, maps and reduces with scoped threads. It was written for std; only the next line was changed.

use threadbare::{sync::mpsc, thread};
// use std::{sync::mpsc, thread};

/// Sorts by merging halves that were sorted at the same time.
fn sort(values: &mut [u64]) {
    if values.len() <= 4096 {
        values.sort_unstable();
        return;
    }
    let (left, right) = values.split_at_mut(values.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| sort(left));
        sort(right);
    });
    let (mut merged, mut i, mut j) = (Vec::with_capacity(values.len()), 0, values.len() / 2);
    let middle = j;
    while i < middle && j < values.len() {
        let from = if values[i] <= values[j] { &mut i } else { &mut j };
        merged.push(values[*from]);
        *from += 1;
    }
    merged.extend_from_slice(&values[i..middle]);
    merged.extend_from_slice(&values[j..]);
    values.copy_from_slice(&merged);
}

/// Applies `function` to each piece on a thread of its own.
fn map(values: &mut [u64], function: impl Fn(u64) -> u64 + Sync) {
    thread::scope(|scope| {
        for piece in values.chunks_mut(1000) {
            scope.spawn(|| piece.iter_mut().for_each(|value| *value = function(*value)));
        }
    });
}

/// Adds up: each piece's sum comes through a channel.
fn reduce(values: &[u64]) -> u64 {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for piece in values.chunks(1000) {
            let sender = sender.clone();
            scope.spawn(move || {
                sender
                    .send(piece.iter().sum::<u64>())
                    .expect("the receiver is there")
            });
        }
        drop(sender);
        receiver.iter().sum()
    })
}

fn main() {
    // A fixed permutation of 0 .. 1,000,003, a prime.
    let mut values: Vec<u64> = (0..1_000_003)
        .map(|index| index * 754_974_721 % 1_000_003)
        .collect();
    sort(&mut values);
    assert!(
        values
            .iter()
            .enumerate()
            .all(|(index, value)| index as u64 == *value)
    );
    map(&mut values, |value| value * 2 + 1);
    let sum = reduce(&values);
    // The first n odd numbers add up to n squared.
    assert_eq!(sum, 1_000_003 * 1_000_003);
    println!("sorted, mapped and reduced a million numbers: {sum}");
}
