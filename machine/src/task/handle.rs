//! [`Task`].

use crate::memory::OutOfMemory;
use crate::memory::stack::KernelStack;
use crate::paging::SpaceHandle;
use crate::sync::SpinLock;
use crate::user::registers::SavedRegisters;
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::any::{Any, TypeId};
use core::cell::{Cell, UnsafeCell};
use core::fmt;
use core::mem::ManuallyDrop;
use core::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use threadbare_context::{Stack, StackPointer, prepare};

pub(super) const SUSPENDED: u8 = 0;
pub(super) const RUNNING: u8 = 1;
pub(super) const FINISHED: u8 = 2;

/// The kernel's policy: whom to run. All methods are called with interrupts disabled.
pub trait Scheduler: Sync {
    /// The running task has ended and will never be resumed: whom to run next.
    fn after_end(&self) -> Arc<Task>;

    /// An interrupt is about to return to the running task in ring 0, and [`super::reschedule_soon`] was called: the
    /// policy may switch to another task, and returns when this one runs again.
    fn preempt(&self);
}

/// The registers of a program that a task is to have: vector state, FS and GS base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Registers {
    /// None: it runs no program.
    None,
    /// Those with which a program starts.
    Initial,
    /// A copy of what the running task's program has now.
    Inherited,
}

/// A kernel thread.
pub struct Task {
    name: &'static str,
    data: Box<dyn Any + Send + Sync>,
    /// Of what is in `data`.
    data_type: TypeId,
    pub(super) state: AtomicU8,
    /// Valid while `SUSPENDED`; written by the switch.
    pub(super) stack_pointer: Cell<StackPointer>,
    /// What to run, until it starts.
    pub(super) entry: SpinLock<Option<Box<dyn FnOnce() + Send>>>,
    space: SpinLock<Option<SpaceHandle>>,
    /// The physical address of the space's top-level table, 0 without one: for the switch.
    pub(super) root: AtomicU64,
    /// Accessed only by the CPU that switches from or to this task.
    pub(super) registers: UnsafeCell<Option<SavedRegisters>>,
    stack: ManuallyDrop<KernelStack>,
}

// SAFETY: `stack_pointer` and `registers` are touched only inside the switch, by the CPU that holds the task in state
// RUNNING: the state's acquire and release order those accesses.
unsafe impl Sync for Task {}
// SAFETY: a suspended computation may be continued on any CPU; what it holds across a switch is `Send` because
// the entry is, and guards that belong to a CPU forbid switching (interrupts are disabled while they live).
unsafe impl Send for Task {}

impl Task {
    /// A suspended task that will run `entry`. `data` is the kernel's own, see [`Task::data`].
    ///
    /// Program registers, if it has any, are switched with it.
    ///
    /// # Errors
    /// No memory for its stack or registers.
    pub fn new(
        name: &'static str,
        data: Box<dyn Any + Send + Sync>,
        registers: Registers,
        entry: impl FnOnce() + Send + 'static,
    ) -> Result<Arc<Task>, OutOfMemory> {
        let stack = KernelStack::new()?;
        let registers = match registers {
            Registers::None => None,
            Registers::Initial => Some(SavedRegisters::new()?),
            Registers::Inherited => Some(SavedRegisters::of_current()?),
        };
        let task = Arc::new(Task {
            name,
            data_type: (*data).type_id(),
            data,
            state: AtomicU8::new(SUSPENDED),
            stack_pointer: Cell::new(StackPointer(0)),
            entry: SpinLock::new(Some(Box::new(entry))),
            space: SpinLock::new(None),
            root: AtomicU64::new(0),
            registers: UnsafeCell::new(registers),
            stack: ManuallyDrop::new(stack),
        });
        // SAFETY: the stack is new and lives as long as the task; `begin` finds the task through the CPU.
        let pointer = unsafe { prepare(task.stack.base(), super::switch::begin, 0) };
        task.stack_pointer.set(pointer);
        Ok(task)
    }

    /// The name, for reports.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What the kernel attached when it made the task, if it is a `T`.
    #[inline]
    pub fn data_as<T: Any>(&self) -> Option<&T> {
        let data: *const (dyn Any + Send + Sync) = &raw const *self.data;
        // SAFETY: the type in the box was noted when it was made and is `T`. As `downcast_ref`, without the indirect call
        // for the type, which switching would make several times.
        (self.data_type == TypeId::of::<T>()).then(|| unsafe { &*data.cast::<T>() })
    }

    /// What the kernel attached when it made the task.
    pub fn data(&self) -> &(dyn Any + Send + Sync) {
        &*self.data
    }

    /// The high end of its stack.
    pub(crate) fn stack_base(&self) -> usize {
        self.stack.base()
    }

    /// Where its registers lie while it is suspended.
    #[cfg(feature = "vm-tests")]
    pub(crate) fn suspended_at(&self) -> usize {
        self.stack_pointer.get().0
    }

    /// Sets the address space that is loaded when the task is switched to: see
    /// [`super::set_space`]. Only the running task calls it, for itself.
    pub(super) fn set_space(&self, space: Option<SpaceHandle>) {
        let root = space.as_ref().map_or(0, |space| space.0.address().0);
        let mut held = self.space.lock();
        let old = core::mem::replace(&mut *held, space);
        self.root.store(root, Ordering::Relaxed); // under the lock: the space outlives its address here
        drop(held);
        drop(old);
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let started = self.entry.lock().is_none();
        if self.state.load(Ordering::Acquire) == FINISHED || !started {
            // SAFETY: dropped once, here; nothing runs or is suspended on the stack.
            unsafe { ManuallyDrop::drop(&mut self.stack) }
        }
        // A computation that was suspended for ever may have lent out references into its stack: that stays.
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
