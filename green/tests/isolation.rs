//! Mode isolated: a thread is a thread. The programs that break other stackful runtimes, as tests.
//!
//! Each forces threads onto other workers by keeping more runnable threads than workers and yielding often.

#![allow(
    unsafe_code,
    reason = "asks the kernel and the C library who we are, and shares a key with C"
)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use threadbare::runtime::{Builder, Mode};
use threadbare::sync::{Arc, Barrier, Mutex, mpsc};
use threadbare::thread;

const WORKERS: usize = 4;

fn start() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|_| {}));
        Builder::new()
            .workers(WORKERS)
            .mode(Mode::Isolated)
            .install()
            .expect("nothing was spawned before");
    });
}

std::thread_local! {
    static CONST: Cell<u64> = const { Cell::new(0) };
    static LAZY: Cell<u64> = Cell::new(u64::from(std::process::id() == 0));
    static DROPS: RefCell<Vec<Rc<u64>>> = const { RefCell::new(Vec::new()) };
}

fn addresses() -> [usize; 3] {
    let address = |pointer: *const ()| pointer as usize;
    [
        CONST.with(|cell| address(std::ptr::from_ref(cell).cast())),
        LAZY.with(|cell| address(std::ptr::from_ref(cell).cast())),
        DROPS.with(|cell| address(std::ptr::from_ref(cell).cast())),
    ]
}

/// The operating-system thread that runs us now. Asks the kernel: musl's `gettid` asks the thread's descriptor, which is our own.
fn carrier() -> i64 {
    // SAFETY: no preconditions.
    unsafe { libc::syscall(libc::SYS_gettid) }
}

#[test]
fn thread_locals_stay_put_and_private_over_migration() {
    start();
    let threads: Vec<_> = (0..200_u64)
        .map(|id| {
            thread::spawn(move || {
                let before = addresses();
                let mut carriers = HashSet::new();
                for round in 1..=2000_u64 {
                    CONST.set(CONST.get() + id);
                    LAZY.set(LAZY.get() + 1);
                    let scratch: Vec<u64> = (0..round % 50).collect();
                    DROPS.with_borrow_mut(|list| {
                        list.push(Rc::new(id));
                        list.truncate(3);
                    });
                    carriers.insert(carrier());
                    thread::yield_now();
                    assert_eq!(scratch.len() as u64, round % 50);
                    assert_eq!(before, addresses(), "a thread-local moved");
                    assert_eq!((CONST.get(), LAZY.get()), (round * id, round));
                    assert!(DROPS.with_borrow(|list| list.iter().all(|value| **value == id)));
                }
                (before, carriers.len())
            })
        })
        .collect();
    let results: Vec<_> = threads
        .into_iter()
        .map(|thread| thread.join().expect("no assertion failed"))
        .collect();
    let blocks: HashSet<[usize; 3]> = results.iter().map(|(addresses, _)| *addresses).collect();
    assert_eq!(blocks.len(), 200, "two threads that lived at once shared a block");
    assert!(
        results.iter().any(|(_, carriers)| *carriers > 1),
        "nothing migrated: the test shows nothing"
    );
}

#[test]
fn a_thread_that_stays_does_not_move_until_it_may_again() {
    start();
    let threads: Vec<_> = (0..50)
        .map(|id| {
            thread::spawn(move || {
                let stay = (id % 2 == 0).then(threadbare::runtime::stay_on_os_thread);
                let home = carrier();
                let (sender, receiver) = mpsc::channel();
                for round in 0..300 {
                    thread::yield_now();
                    // A wait that another thread ends, perhaps from another worker.
                    let sender = sender.clone();
                    thread::spawn(move || sender.send(round)).join().unwrap().unwrap();
                    assert_eq!(receiver.recv(), Ok(round));
                    assert!(stay.is_none() || carrier() == home, "it moved");
                }
                drop(stay);
                (0..300).any(|_| {
                    thread::yield_now();
                    carrier() != home
                })
            })
        })
        .collect();
    let moved = threads.into_iter().map(|thread| thread.join().unwrap());
    assert!(moved.filter(|moved| *moved).count() > 0, "nothing migrated");
}

scoped_tls::scoped_thread_local!(static SCOPED: String);

#[test]
fn scoped_tls_is_safe_when_threads_interleave() {
    start();
    // Two threads, each inside `set` while the other enters and leaves: the order that dangles when they share.
    let (step_a, steps_a) = mpsc::channel::<()>();
    let (step_b, steps_b) = mpsc::channel::<()>();
    let (done, dones) = mpsc::channel::<()>();
    let body = |name: &'static str, steps: mpsc::Receiver<()>, done: mpsc::Sender<()>| {
        move || {
            let value = String::from(name);
            SCOPED.set(&value, || {
                done.send(()).unwrap();
                steps.recv().unwrap();
                SCOPED.with(|seen| assert_eq!(seen, name));
            });
            assert!(
                !SCOPED.is_set(),
                "{name} sees another's value after its own ended"
            );
            drop(value);
            done.send(()).unwrap();
            steps.recv().unwrap();
            assert!(!SCOPED.is_set());
        }
    };
    let a = thread::spawn(body("value of A", steps_a, done.clone()));
    dones.recv().unwrap();
    let b = thread::spawn(body("value of B", steps_b, done));
    dones.recv().unwrap();
    step_a.send(()).unwrap();
    dones.recv().unwrap();
    step_b.send(()).unwrap();
    dones.recv().unwrap();
    step_a.send(()).unwrap();
    step_b.send(()).unwrap();
    a.join().unwrap();
    b.join().unwrap();
}

#[test]
fn destructors_of_thread_locals_run_before_join_returns() {
    start();
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            thread::yield_now(); // a destructor may wait
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    std::thread_local!(static SLOT: RefCell<Option<Counted>> = const { RefCell::new(None) });
    let count = Arc::new(AtomicUsize::new(0));
    for round in 0..100 {
        let mine = count.clone();
        let thread = thread::spawn(move || {
            assert!(
                SLOT.with_borrow(Option::is_none),
                "a reused slot shows its former thread's value"
            );
            SLOT.set(Some(Counted(mine)));
            assert!(round % 3 != 0, "every third thread panics");
        });
        assert_eq!(thread.join().is_err(), round % 3 == 0);
        assert_eq!(count.load(Ordering::SeqCst), round + 1);
    }
}

#[test]
fn destructors_of_c_s_keys_run_too() {
    start();
    static RUN: AtomicUsize = AtomicUsize::new(0);
    unsafe extern "C" fn destroy(value: *mut libc::c_void) {
        RUN.fetch_add(value as usize, Ordering::SeqCst);
    }
    let mut key = 0;
    // SAFETY: the key is written by the call.
    let created = unsafe { libc::pthread_key_create(&raw mut key, Some(destroy)) };
    assert_eq!(created, 0);
    for _ in 0..10 {
        thread::spawn(move || {
            // SAFETY: the key exists.
            unsafe {
                assert!(libc::pthread_getspecific(key).is_null());
                libc::pthread_setspecific(key, std::ptr::without_provenance(3));
            }
            thread::yield_now();
        })
        .join()
        .unwrap();
    }
    assert_eq!(RUN.load(Ordering::SeqCst), 30);
}

#[test]
fn errno_is_the_thread_s_own() {
    start();
    let barrier = Arc::new(Barrier::new(8));
    thread::scope(|scope| {
        for code in 1..=8 {
            let barrier = barrier.clone();
            scope.spawn(move || {
                for _ in 0..200 {
                    // SAFETY: errno is a thread's own variable.
                    unsafe { *libc::__errno_location() = code };
                    barrier.wait();
                    // SAFETY: as above.
                    assert_eq!(unsafe { *libc::__errno_location() }, code);
                }
            });
        }
    });
}

#[test]
fn a_thread_that_waits_while_it_panics_leaves_others_alone() {
    start();
    struct WaitsInDrop(Arc<Barrier>, Arc<Barrier>);
    impl Drop for WaitsInDrop {
        fn drop(&mut self) {
            assert!(std::thread::panicking());
            self.0.wait();
            self.1.wait();
            assert!(std::thread::panicking());
        }
    }
    let (reached, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (a, b) = (reached.clone(), leave.clone());
    let panics = thread::spawn(move || {
        let _guard = WaitsInDrop(a, b);
        panic!("unwinding");
    });
    let lock = Arc::new(Mutex::new(0));
    let inner = lock.clone();
    let watcher = thread::spawn(move || {
        reached.wait();
        // The other is in the middle of its unwinding.
        assert!(!thread::panicking());
        *inner.lock().unwrap() += 1;
        assert!(catch_unwind(AssertUnwindSafe(|| panic!("mine"))).is_err());
        assert!(!thread::panicking());
        leave.wait();
    });
    watcher.join().unwrap();
    assert!(panics.join().is_err());
    assert!(!lock.is_poisoned());
}

#[test]
fn guards_of_std_may_be_held_over_a_switch() {
    start();
    // std's reentrant lock of standard output knows its owner by a thread-local's address.
    let (told, tell) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let holder = thread::spawn(move || {
        let guard = std::io::stdout().lock();
        told.send(()).unwrap();
        wait.recv().unwrap();
        drop(guard);
    });
    tell.recv().unwrap();
    let entered = Arc::new(AtomicBool::new(false));
    let flag = entered.clone();
    // This one blocks its worker, as documented, until the holder goes on; on the same worker it must not get in.
    let other = thread::spawn(move || {
        let _guard = std::io::stdout().lock();
        flag.store(true, Ordering::SeqCst);
    });
    for _ in 0..50 {
        thread::yield_now();
    }
    assert!(!entered.load(Ordering::SeqCst));
    go.send(()).unwrap();
    holder.join().unwrap();
    other.join().unwrap();
    assert!(entered.load(Ordering::SeqCst));
}

#[test]
fn every_thread_looks_distinct_to_the_c_library() {
    start();
    // A recursive mutex of C tells owners apart by the descriptor's thread id.
    struct Shared(std::cell::UnsafeCell<libc::pthread_mutex_t>);
    // SAFETY: the C library's mutex is made for sharing.
    unsafe impl Sync for Shared {}
    // SAFETY: as above.
    unsafe impl Send for Shared {}
    let mutex = Arc::new(Shared(std::cell::UnsafeCell::new(
        libc::PTHREAD_MUTEX_INITIALIZER,
    )));
    // SAFETY: nobody uses the mutex yet; the attributes are initialised before they are used.
    unsafe {
        let mut attributes = std::mem::zeroed();
        libc::pthread_mutexattr_init(&raw mut attributes);
        libc::pthread_mutexattr_settype(&raw mut attributes, libc::PTHREAD_MUTEX_RECURSIVE);
        assert_eq!(libc::pthread_mutex_init(mutex.0.get(), &raw const attributes), 0);
    }
    let (told, tell) = mpsc::channel();
    let (go, wait) = mpsc::channel::<()>();
    let (first, second) = (mutex.clone(), mutex);
    let holder = thread::spawn(move || {
        // SAFETY: the mutex is initialised, and unlocked as often as locked.
        unsafe {
            assert_eq!(libc::pthread_mutex_lock(first.0.get()), 0);
            assert_eq!(libc::pthread_mutex_lock(first.0.get()), 0);
            told.send(()).unwrap();
            wait.recv().unwrap();
            libc::pthread_mutex_unlock(first.0.get());
            libc::pthread_mutex_unlock(first.0.get());
        }
    });
    tell.recv().unwrap();
    thread::spawn(move || {
        // SAFETY: as above.
        let tried = unsafe { libc::pthread_mutex_trylock(second.0.get()) };
        assert_eq!(tried, libc::EBUSY);
    })
    .join()
    .unwrap();
    go.send(()).unwrap();
    holder.join().unwrap();
}

#[test]
fn processes_and_name_look_ups_work_from_green_threads() {
    start();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let output = std::process::Command::new("true")
                    .status()
                    .expect("a shell's true");
                assert!(output.success());
            });
            scope.spawn(|| {
                use std::net::ToSocketAddrs;
                let addresses = ("localhost", 80)
                    .to_socket_addrs()
                    .map(|list| list.count())
                    .unwrap_or(1);
                assert!(addresses > 0);
            });
        }
    });
}
