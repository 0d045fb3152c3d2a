//! Data parallelism on a pool of threads: sums, sorts, nested joins, and a panic that crosses the pool.

use rayon::prelude::*;

fn fibonacci(n: u32) -> u64 {
    if n < 2 {
        return u64::from(n);
    }
    let (a, b) = rayon::join(|| fibonacci(n - 1), || fibonacci(n - 2));
    a + b
}

fn main() {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(4)
        .build()
        .expect("threads can be started");
    pool.install(|| {
        let squares: u64 = (0..100_000_u64).into_par_iter().map(|n| n * n).sum();
        println!("squares {squares}");
        let mut numbers: Vec<u64> = (0..50_000_u64)
            .map(|n| n.wrapping_mul(6_364_136_223_846_793_005).rotate_left(17))
            .collect();
        numbers.par_sort_unstable();
        let sorted = numbers.windows(2).all(|pair| pair[0] <= pair[1]);
        println!("sorted {sorted}");
        println!("fibonacci {}", fibonacci(16));
        let longest = ["a", "threads", "bare"].par_iter().max_by_key(|word| word.len());
        println!("longest {longest:?}");
        let mut parts = vec![0_u32; 64];
        rayon::scope(|scope| {
            for (index, part) in parts.iter_mut().enumerate() {
                scope.spawn(move |_| *part = u32::try_from(index).expect("few") * 2);
            }
        });
        println!("scope {}", parts.iter().sum::<u32>());
    });
    std::panic::set_hook(Box::new(|_| {}));
    let fails = || {
        (0..100)
            .into_par_iter()
            .for_each(|n| assert!(n != 77, "found it"))
    };
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pool.install(fails)));
    println!("panic crosses the pool: {}", caught.is_err());
}
