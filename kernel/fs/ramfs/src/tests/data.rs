#![expect(clippy::cast_possible_truncation, reason = "test data is small")]

use super::*;
use proptest::prelude::*;
use threadbare_kernel::vfs::{PageUse, Source};

#[test]
fn bytes_come_back_and_holes_are_zero() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    write_at(&file, 10_000, b"far").unwrap();
    write_at(&file, 0, b"near").unwrap();
    assert_eq!(contents(file.inode()).size(), 10_003);
    let all = read_at(&file, 0, 20_000);
    assert_eq!((&all[..4], &all[10_000..]), (&b"near"[..], &b"far"[..]));
    assert!(all[4..10_000].iter().all(|byte| *byte == 0));
    // Two pages of three.
    assert_eq!(file.inode().metadata().blocks, 16);
    assert_eq!(contents(file.inode()).seek_extent(0, false), Some(4096));
    assert_eq!(contents(file.inode()).seek_extent(5000, true), Some(8192));
    assert_eq!(contents(file.inode()).seek_extent(9000, false), Some(10_003));
    assert_eq!(contents(file.inode()).seek_extent(10_003, false), None);
}

#[test]
fn what_is_cut_off_comes_back_as_zeroes() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    write_at(&file, 0, &[7; 9000]).unwrap();
    contents(file.inode()).truncate(5000).unwrap();
    contents(file.inode()).truncate(9000).unwrap();
    let all = read_at(&file, 0, 10_000);
    assert_eq!(all.len(), 9000);
    assert!(all[..5000].iter().all(|byte| *byte == 7) && all[5000..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_shared_page_shows_writes_and_is_written_through() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    write_at(&file, 0, b"hello").unwrap();
    let page = contents(file.inode()).page(0, PageUse::Shared).unwrap();
    write_at(&file, 0, b"J").unwrap();
    let mut bytes = [0; 6];
    page.read(0, &mut bytes);
    assert_eq!(&bytes, b"Jello\0");
    page.write(1, b"u");
    assert_eq!(read_at(&file, 0, 9), b"Jullo");
    assert_eq!(
        errno(contents(file.inode()).page(1, PageUse::Private)),
        Some(Errno::EFAULT)
    );
}

#[test]
fn sizes_end_where_offsets_do() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    let end = i64::MAX as u64;
    assert_eq!(write_at(&file, end, b"x"), Err(Errno::EINVAL));
    assert_eq!(write_at(&file, end - 1, b"x"), Ok(1));
    assert_eq!(read_at(&file, end - 1, 1), b"x");
    assert_eq!(contents(file.inode()).truncate(end + 1), Err(Errno::EFBIG));
    // A hole of eight exabytes is not walked through.
    contents(file.inode()).punch(0..end).unwrap();
    // The last page was zeroed, for the range ends within it.
    assert_eq!(contents(file.inode()).seek_extent(0, true), Some(end - 4095));
    assert_eq!(read_at(&file, end - 1, 1), b"\0");
    assert_eq!(contents(file.inode()).allocate(0..end), Err(Errno::ENOSPC));
}

/// A source whose memory ends after some bytes.
struct Faulting(usize);

impl Source for Faulting {
    fn remaining(&self) -> usize {
        self.0 + 10
    }

    fn take(&mut self, into: &mut [u8]) -> Result<(), Errno> {
        into.fill(9);
        self.0 = self.0.checked_sub(into.len()).ok_or(Errno::EFAULT)?;
        Ok(())
    }
}

#[test]
fn a_fault_ends_a_write_and_leaves_nothing_behind() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    assert_eq!(file.write_at(0, &mut Faulting(1000)), Err(Errno::EFAULT));
    assert_eq!(contents(file.inode()).size(), 0);
    assert_eq!(file.write_at(0, &mut Faulting(4096)), Ok(4096));
    contents(file.inode()).truncate(8192).unwrap();
    assert!(read_at(&file, 4096, 4096).iter().all(|byte| *byte == 0));
}

#[test]
fn time_stamps_follow_use() {
    let fs = RamFs::new(clock);
    let file = open_file(&fs, "/f");
    let before = file.inode().metadata();
    write_at(&file, 0, b"x").unwrap();
    let written = file.inode().metadata();
    assert!(written.modified > before.modified && written.changed > before.changed);
    assert_eq!(written.accessed, before.accessed);
    read_at(&file, 0, 1);
    let read = file.inode().metadata();
    assert!(read.accessed > written.accessed && read.modified == written.modified);
}

#[test]
fn seals_hold() {
    use linux_raw_sys::general::{F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_WRITE};
    let fs = RamFs::new(clock);
    let ordinary = open_file(&fs, "/f");
    assert_eq!(
        contents(ordinary.inode()).add_seals(F_SEAL_GROW),
        Err(Errno::EPERM)
    );
    let inode = fs.unnamed_file(0o777, true).unwrap();
    let flags = OpenFlags::new(linux_raw_sys::general::O_RDWR).unwrap();
    let operations = inode.clone().open(flags).unwrap();
    let file = File::anonymous(inode, Name::Static(b"memory"), operations, flags);
    write_at(&file, 0, b"abc").unwrap();
    let data = contents(file.inode());
    data.add_seals(F_SEAL_GROW | F_SEAL_SHRINK).unwrap();
    assert_eq!(write_at(&file, 2, b"xy"), Err(Errno::EPERM));
    assert_eq!(write_at(&file, 2, b"x"), Ok(1));
    assert_eq!(
        (data.truncate(1), data.truncate(9)),
        (Err(Errno::EPERM), Err(Errno::EPERM))
    );
    data.add_seals(F_SEAL_WRITE | F_SEAL_SEAL).unwrap();
    assert_eq!(write_at(&file, 0, b"x"), Err(Errno::EPERM));
    assert_eq!(data.add_seals(0), Err(Errno::EPERM));
}

#[derive(Clone, Debug)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
    Punch(u64, u64),
    Map(u64, PageUse),
}

const LIMIT: u64 = 20_000;

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let bytes = prop::collection::vec(1..255_u8, 1..9000);
    prop::collection::vec(
        prop_oneof![
            (0..LIMIT, bytes).prop_map(|(offset, bytes)| Change::Write(offset, bytes)),
            (0..LIMIT).prop_map(Change::Truncate),
            (0..LIMIT, 0..LIMIT).prop_map(|(a, b)| Change::Punch(a.min(b), a.max(b))),
            (
                0..6_u64,
                prop::sample::select(vec![PageUse::Private, PageUse::Shared])
            )
                .prop_map(|(index, page_use)| Change::Map(index, page_use)),
        ],
        1..20,
    )
}

proptest! {
    /// A file that begins as part of an archive, against a vector.
    #[test]
    fn files_behave_as_vectors_do(image_length in 0..LIMIT as usize, changes in changes()) {
        let image: &'static [u8] = Vec::leak((0..image_length).map(|at| (at % 251) as u8 + 1).collect());
        let fs = RamFs::from_archive([Ok(archive::regular(b"f", image))], clock).unwrap();
        let file = open_file(&fs, "/f");
        let data = contents(file.inode());
        let mut model = image.to_vec();
        for change in changes {
            match change {
                Change::Write(offset, bytes) => {
                    prop_assert_eq!(write_at(&file, offset, &bytes), Ok(bytes.len()));
                    let (offset, end) = (offset as usize, offset as usize + bytes.len());
                    model.resize(model.len().max(end), 0);
                    model[offset..end].copy_from_slice(&bytes);
                }
                Change::Truncate(size) => {
                    data.truncate(size).unwrap();
                    model.resize(size as usize, 0);
                }
                Change::Punch(start, end) => {
                    data.punch(start..end).unwrap();
                    let end = (end as usize).min(model.len());
                    model[(start as usize).min(end)..end].fill(0);
                }
                Change::Map(index, page_use) => {
                    let start = index as usize * 4096;
                    let page = data.page(index, page_use);
                    prop_assert_eq!(page.is_ok(), start < model.len());
                    if let Ok(page) = page {
                        let mut bytes = [0; 4096];
                        page.read(0, &mut bytes);
                        let end = (start + 4096).min(model.len());
                        prop_assert_eq!(&bytes[..end - start], &model[start..end]);
                        prop_assert!(bytes[end - start..].iter().all(|byte| *byte == 0));
                    }
                }
            }
            prop_assert_eq!(data.size() as usize, model.len());
            prop_assert!(read_at(&file, 0, 100_000) == model, "the content differs");
            let first_hole = data.seek_extent(0, false);
            prop_assert_eq!(first_hole.is_none(), model.is_empty());
            if let Some(hole) = first_hole {
                prop_assert!(model[hole as usize..].iter().take(4096).all(|byte| *byte == 0));
            }
        }
    }
}
