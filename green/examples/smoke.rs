use threadbare::thread;
use std::time::Instant;
fn main(){
  println!("mode {:?} {:?}", threadbare::runtime::mode(), threadbare::runtime::why_pinned());
  println!("{}", thread::spawn(||1).join().unwrap());
  thread::spawn(|| {
   for _ in 0..3 {
    let n=1_000_000u32;
    let t=Instant::now(); for i in 0..n { assert_eq!(thread::spawn(move ||i).join().unwrap(), i); } println!("spawn+join {:.1}", t.elapsed().as_nanos() as f64/n as f64);
    let t=Instant::now(); for _ in 0..n/1000 { let v:Vec<_>=(0..1000).map(|i|thread::spawn(move||i)).collect(); for h in v {h.join().unwrap();} } println!("spawn1000 {:.1}", t.elapsed().as_nanos() as f64/n as f64);
    let h=thread::spawn(move||{for _ in 0..n {thread::yield_now()}}); let t=Instant::now(); for _ in 0..n {thread::yield_now()} println!("yield {:.1}", t.elapsed().as_nanos() as f64/(2*n) as f64); h.join().unwrap();
    let me=thread::current(); let h=thread::spawn(move||{for _ in 0..n {thread::park(); me.unpark()}}); let t=Instant::now(); for _ in 0..n {h.thread().unpark(); thread::park()} println!("park/unpark hop {:.1}", t.elapsed().as_nanos() as f64/(2*n) as f64); h.join().unwrap();
   }
  }).join().unwrap();
}
