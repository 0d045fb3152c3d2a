//! Libraries that are loaded after the start and have thread-locals.
//!
//! Thread-locals of the dynamic model need nothing: the dynamic linker makes them when a thread first uses them, and `finish` frees
//! them. Those of the *static* model lie in the surplus of every thread's block, and the dynamic linker writes their initial image only
//! into blocks of threads that it knows. So:
//!
//! - a thread that starts later gets the image, here, on whichever slot it starts;
//! - a green thread that had started before sees zeros, and the library is reported by name.
//!
//! The initial contents of the surplus are taken from a *model*: a block that no thread runs on, made anew when something was loaded.

#![allow(
    unsafe_code,
    reason = "fenced: reads and writes blocks that no thread runs on"
)]

use std::sync::{Mutex, PoisonError};

use super::glibc::{DTV, Tls};
use super::modules::{self, Modules};
use super::vector;
use super::word_at;
use crate::rt::os;

/// What is known of late libraries.
pub(super) struct Late {
    state: Mutex<State>,
    /// The surplus of a block lies from its lowest byte to this far below the thread pointer.
    used_below: usize,
}

#[derive(Default)]
struct State {
    /// The model's thread pointer; 0 before the check at start has made it.
    model: usize,
    /// Loads and unloads when the model was made.
    changes: u64,
    reported: Vec<String>,
}

impl Late {
    pub(super) fn new(modules: &Modules) -> Late {
        Late {
            state: Mutex::default(),
            used_below: modules.used_below(),
        }
    }

    /// Gives the block of the check at start, which nobody needs any more, another purpose.
    pub(super) fn keep_model(&self, tp: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.model = tp;
        state.changes = modules::changes();
    }
}

impl Tls {
    /// Makes the model anew if something was loaded or unloaded; whether it was.
    fn refresh(&self, state: &mut State) -> bool {
        let changes = modules::changes();
        if state.model == 0 || std::mem::replace(&mut state.changes, changes) == changes {
            return false;
        }
        // SAFETY: the model is a complete block that no thread runs on, and we have its lock.
        unsafe {
            if self.vectors.is_crowded() {
                vector::move_to_heap(state.model, self.vector_of(state.model));
            }
            let surplus = state.model - self.below;
            let length = self.below - self.late.used_below;
            std::ptr::with_exposed_provenance_mut::<u8>(surplus).write_bytes(0, length);
            (self.initialise)(std::ptr::with_exposed_provenance_mut(state.model), true);
        }
        true
    }

    /// Gives the thread that is about to start on the block at `tp` the initial thread-locals of late libraries.
    pub(super) fn renew_late(&self, tp: usize) {
        let mut state = self.late.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.refresh(&mut state);
        if state.model == 0 {
            return;
        }
        let from = std::ptr::with_exposed_provenance::<u8>(state.model - self.below);
        let to = std::ptr::with_exposed_provenance_mut::<u8>(tp - self.below);
        // SAFETY: the surpluses of two complete blocks that no thread runs on.
        unsafe { std::ptr::copy_nonoverlapping(from, to, self.below - self.late.used_below) };
    }

    /// Reports libraries that came later and whose thread-locals started threads do not have. Called now and then.
    pub(crate) fn watch(&self) {
        if !self.vectors.has_newcomers() {
            return;
        }
        let mut state = self.late.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.refresh(&mut state) && !state.reported.is_empty() {
            return;
        }
        for (number, name) in modules::names() {
            if number > self.modules.last
                && self.is_static(state.model, number)
                && !state.reported.contains(&name)
            {
                let text = format!(
                    "threadbare: {name} was loaded late with static thread-locals: green threads that had started \
                     see them zeroed\n"
                );
                os::write_stderr(text.as_bytes());
                state.reported.push(name);
            }
        }
    }

    /// Whether the module's thread-locals lie in the surplus of the model at `tp`.
    fn is_static(&self, tp: usize, module: usize) -> bool {
        // SAFETY: the model's vector, of which the word before the first tells the length.
        let address = unsafe {
            let vector = word_at(tp + DTV).read();
            if module > word_at(vector - 16).read() {
                return false;
            }
            word_at(vector + module * 16).read()
        };
        (tp - self.below..tp).contains(&address)
    }
}
