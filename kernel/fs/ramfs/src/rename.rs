//! Renaming (`rename(2)`): the one change that touches two directories.
//!
//! All under the lock of the tree, so what the checks have found stays so. Another thread that looks meanwhile may
//! find a file under both names, never under none.

use alloc::sync::Arc;

use threadbare_kernel::error::Errno;
use threadbare_kernel::vfs::{Name, RenameMode};

use crate::node::{Content, Node};

impl Node {
    pub(crate) fn rename_to(
        &self,
        name: &[u8],
        to: &Node,
        to_name: &[u8],
        mode: RenameMode,
    ) -> Result<(), Errno> {
        let (name, to_name) = (Name::copy(name)?, Name::copy(to_name)?);
        // Handles live longer than the lock: the last one may be dropped here.
        let (mut source, mut target) = (None, None);
        let _tree = self.shared.tree.lock();
        let source = source.insert(self.find(&name)?);
        let target = match to.find(&to_name) {
            Ok(found) => Some(&*target.insert(found)),
            Err(Errno::ENOENT) => None,
            Err(errno) => return Err(errno),
        };
        match (mode, target) {
            (RenameMode::NoReplace, Some(_)) => return Err(Errno::EEXIST),
            (RenameMode::Exchange, None) => return Err(Errno::ENOENT),
            _ if source.is_directory() && to.is_within(source) => return Err(Errno::EINVAL),
            (_, Some(target)) if Arc::ptr_eq(source, target) => return Ok(()),
            (RenameMode::Exchange, Some(target)) => {
                if target.is_directory() && self.is_within(target) {
                    return Err(Errno::EINVAL);
                }
                self.exchange(&name, source, to, &to_name, target)?;
            }
            (_, target) => self.replace(&name, source, to, &to_name, target)?,
        }
        let now = self.shared.now();
        source.touch_attributes_at(now);
        self.touch_at(now);
        to.touch_at(now);
        Ok(())
    }

    fn replace(
        &self,
        name: &Name,
        source: &Arc<Node>,
        to: &Node,
        to_name: &Name,
        target: Option<&Arc<Node>>,
    ) -> Result<(), Errno> {
        drop(to.live_entries()?);
        if let Some(target) = target {
            match (source.is_directory(), target.is_directory()) {
                (true, false) => return Err(Errno::ENOTDIR),
                (false, true) => return Err(Errno::EISDIR),
                (true, true) => {
                    target.retire()?;
                    to.add_links(-1);
                }
                (false, false) => target.add_links(-1),
            }
            target.touch_attributes();
        }
        // `target` holds what is replaced beyond the lock, and `source` what is moved.
        let _ = to.entries()?.lock().put(to_name.clone(), source.clone());
        let _ = self.entries()?.lock().take(name);
        source.moved(self, to, to_name);
        Ok(())
    }

    fn exchange(
        &self,
        name: &Name,
        source: &Arc<Node>,
        to: &Node,
        to_name: &Name,
        target: &Arc<Node>,
    ) -> Result<(), Errno> {
        let _ = to.entries()?.lock().put(to_name.clone(), source.clone());
        let _ = self.entries()?.lock().put(name.clone(), target.clone());
        source.moved(self, to, to_name);
        target.moved(to, self, name);
        target.touch_attributes();
        Ok(())
    }

    /// Tells a directory where it is now, and its parents how many they hold.
    fn moved(&self, from: &Node, to: &Node, name: &Name) {
        if let Content::Directory(entries) = &self.content {
            let _old = entries.lock().set_link(Some((to.this.clone(), name.clone())));
            from.add_links(-1);
            to.add_links(1);
        }
    }

    /// Whether this is `directory`, or lies below it.
    fn is_within(&self, directory: &Arc<Node>) -> bool {
        let mut at = self.this.upgrade();
        while let Some(node) = at {
            if Arc::ptr_eq(&node, directory) {
                return true;
            }
            at = node.parent_node();
        }
        false
    }
}
