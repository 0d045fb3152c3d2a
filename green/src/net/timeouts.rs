//! How long calls of a socket may wait, which is the same for all that read and write.

/// The methods for that, for a type with a field `watched`. The kernel is told too: it checks the value, and has it for whoever gets the
/// descriptor next.
macro_rules! timeouts {
    ($type:ty, $std:literal) => {
        impl $type {
            /// Sets how long a read may wait; for ever without a value. A read that waited so long fails with `WouldBlock`.
            ///
            /// # Errors
            #[doc = concat!("As [`", $std, "::set_read_timeout`].")]
            pub fn set_read_timeout(&self, timeout: Option<std::time::Duration>) -> std::io::Result<()> {
                self.watched.inner().set_read_timeout(timeout)?;
                self.watched.note_read_timeout(timeout);
                Ok(())
            }

            /// Sets how long a write may wait; for ever without a value. A write that waited so long fails with `WouldBlock`.
            ///
            /// # Errors
            #[doc = concat!("As [`", $std, "::set_write_timeout`].")]
            pub fn set_write_timeout(&self, timeout: Option<std::time::Duration>) -> std::io::Result<()> {
                self.watched.inner().set_write_timeout(timeout)?;
                self.watched.note_write_timeout(timeout);
                Ok(())
            }

            /// How long a read may wait.
            ///
            /// # Errors
            #[doc = concat!("As [`", $std, "::read_timeout`].")]
            pub fn read_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                self.watched.inner().read_timeout()
            }

            /// How long a write may wait.
            ///
            /// # Errors
            #[doc = concat!("As [`", $std, "::write_timeout`].")]
            pub fn write_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                self.watched.inner().write_timeout()
            }
        }
    };
}

pub(crate) use timeouts;
