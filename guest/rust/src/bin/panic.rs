//! A panic with its backtrace: the program reads its own debug information through `/proc/self`.

fn main() {
    std::panic::catch_unwind(|| outer(3)).expect_err("it panics");
    println!("caught");
    outer(5);
}

#[inline(never)]
fn outer(n: usize) {
    inner(&[1, 2, 3][..n.min(3)], n);
    println!("not reached");
}

#[inline(never)]
fn inner(items: &[i32], n: usize) {
    println!("{}", items[n]);
}
