//! Examples of the documentation of std 1.95 for `std::fs`, with the imports changed and nothing else.
//! Each is a function here because one test binary is cheaper to link than a hundred. Those that std only compiles are only compiled.

fn fs_file_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut file = File::create("foo.txt")?;
        file.write_all(b"Hello, world!")?;
        Ok(())
    }
}

fn fs_file_2() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut file = File::open("foo.txt")?;
        let mut contents = String::new();
        file.read_to_string(&mut contents)?;
        assert_eq!(contents, "Hello, world!");
        Ok(())
    }
}

fn fs_file_3() {
    use threadbare::fs::File;
    use threadbare::io::BufReader;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let file = File::open("foo.txt")?;
        let mut buf_reader = BufReader::new(file);
        let mut contents = String::new();
        buf_reader.read_to_string(&mut contents)?;
        assert_eq!(contents, "Hello, world!");
        Ok(())
    }
}

fn fs_openoptions_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().read(true).open("foo.txt");
}

fn fs_openoptions_2() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .open("foo.txt");
}

fn fs_read_1() {
    use threadbare::fs;

    fn main() -> Result<(), Box<dyn std::error::Error + 'static>> {
        let data: Vec<u8> = fs::read("image.jpg")?;
        assert_eq!(data[0..3], [0xFF, 0xD8, 0xFF]);
        Ok(())
    }
}

fn fs_read_to_string_1() {
    use std::error::Error;
    use threadbare::fs;

    fn main() -> Result<(), Box<dyn Error>> {
        let message: String = fs::read_to_string("message.txt")?;
        println!("{}", message);
        Ok(())
    }
}

fn fs_write_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::write("foo.txt", b"Lorem ipsum")?;
        fs::write("bar.txt", "dolor sit")?;
        Ok(())
    }
}

fn fs_file_open_1() {
    use threadbare::fs::File;
    use threadbare::io::Read;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let mut data = vec![];
        f.read_to_end(&mut data)?;
        Ok(())
    }
}

fn fs_file_create_1() {
    use threadbare::fs::File;
    use threadbare::io::Write;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create("foo.txt")?;
        f.write_all(&1234_u32.to_be_bytes())?;
        Ok(())
    }
}

fn fs_file_create_new_1() {
    use threadbare::fs::File;
    use threadbare::io::Write;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create_new("foo.txt")?;
        f.write_all("Hello, world!".as_bytes())?;
        Ok(())
    }
}

fn fs_file_options_1() {
    use threadbare::fs::File;
    use threadbare::io::Write;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::options().append(true).open("example.log")?;
        writeln!(&mut f, "new line")?;
        Ok(())
    }
}

fn fs_file_sync_all_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create("foo.txt")?;
        f.write_all(b"Hello, world!")?;

        f.sync_all()?;
        Ok(())
    }
}

fn fs_file_sync_data_1() {
    use threadbare::fs::File;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create("foo.txt")?;
        f.write_all(b"Hello, world!")?;

        f.sync_data()?;
        Ok(())
    }
}

fn fs_file_lock_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let f = File::create("foo.txt")?;
        f.lock()?;
        Ok(())
    }
}

fn fs_file_lock_shared_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("foo.txt")?;
        f.lock_shared()?;
        Ok(())
    }
}

fn fs_file_try_lock_1() {
    use threadbare::fs::{File, TryLockError};

    fn main() -> threadbare::io::Result<()> {
        let f = File::create("foo.txt")?;
        // Explicit handling of the WouldBlock error
        match f.try_lock() {
            Ok(_) => (),
            Err(TryLockError::WouldBlock) => (), // Lock not acquired
            Err(TryLockError::Error(err)) => return Err(err),
        }
        // Alternately, propagate the error as an io::Error
        f.try_lock()?;
        Ok(())
    }
}

fn fs_file_try_lock_shared_1() {
    use threadbare::fs::{File, TryLockError};

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("foo.txt")?;
        // Explicit handling of the WouldBlock error
        match f.try_lock_shared() {
            Ok(_) => (),
            Err(TryLockError::WouldBlock) => (), // Lock not acquired
            Err(TryLockError::Error(err)) => return Err(err),
        }
        // Alternately, propagate the error as an io::Error
        f.try_lock_shared()?;

        Ok(())
    }
}

fn fs_file_unlock_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let f = File::open("foo.txt")?;
        f.lock()?;
        f.unlock()?;
        Ok(())
    }
}

fn fs_file_set_len_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create("foo.txt")?;
        f.set_len(10)?;
        Ok(())
    }
}

fn fs_file_metadata_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::open("foo.txt")?;
        let metadata = f.metadata()?;
        Ok(())
    }
}

fn fs_file_try_clone_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let mut file = File::open("foo.txt")?;
        let file_copy = file.try_clone()?;
        Ok(())
    }
}

fn fs_file_try_clone_2() {
    use threadbare::fs::File;
    use threadbare::io::SeekFrom;
    use threadbare::io::prelude::*;

    fn main() -> threadbare::io::Result<()> {
        let mut file = File::open("foo.txt")?;
        let mut file_copy = file.try_clone()?;

        file.seek(SeekFrom::Start(3))?;

        let mut contents = vec![];
        file_copy.read_to_end(&mut contents)?;
        assert_eq!(contents, b"def\n");
        Ok(())
    }
}

fn fs_file_set_permissions_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs::File;

        let file = File::open("foo.txt")?;
        let mut perms = file.metadata()?.permissions();
        perms.set_readonly(true);
        file.set_permissions(perms)?;
        Ok(())
    }
}

fn fs_file_set_times_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs::{self, File, FileTimes};

        let src = fs::metadata("src")?;
        let dest = File::open("dest")?;
        let times = FileTimes::new()
            .set_accessed(src.accessed()?)
            .set_modified(src.modified()?);
        dest.set_times(times)?;
        Ok(())
    }
}

fn fs_openoptions_new_1() {
    use threadbare::fs::OpenOptions;

    let mut options = OpenOptions::new();
    let file = options.read(true).open("foo.txt");
}

fn fs_openoptions_read_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().read(true).open("foo.txt");
}

fn fs_openoptions_write_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().write(true).open("foo.txt");
}

fn fs_openoptions_append_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().append(true).open("foo.txt");
}

fn fs_openoptions_truncate_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().write(true).truncate(true).open("foo.txt");
}

fn fs_openoptions_create_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().write(true).create(true).open("foo.txt");
}

fn fs_openoptions_create_new_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().write(true).create_new(true).open("foo.txt");
}

fn fs_openoptions_open_1() {
    use threadbare::fs::OpenOptions;

    let file = OpenOptions::new().read(true).open("foo.txt");
}

fn fs_metadata_file_type_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs;

        let metadata = fs::metadata("foo.txt")?;

        println!("{:?}", metadata.file_type());
        Ok(())
    }
}

fn fs_metadata_is_dir_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs;

        let metadata = fs::metadata("foo.txt")?;

        assert!(!metadata.is_dir());
        Ok(())
    }
}

fn fs_metadata_is_file_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        assert!(metadata.is_file());
        Ok(())
    }
}

fn fs_metadata_len_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        assert_eq!(0, metadata.len());
        Ok(())
    }
}

fn fs_metadata_permissions_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        assert!(!metadata.permissions().readonly());
        Ok(())
    }
}

fn fs_metadata_modified_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        if let Ok(time) = metadata.modified() {
            println!("{time:?}");
        } else {
            println!("Not supported on this platform");
        }
        Ok(())
    }
}

fn fs_metadata_accessed_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        if let Ok(time) = metadata.accessed() {
            println!("{time:?}");
        } else {
            println!("Not supported on this platform");
        }
        Ok(())
    }
}

fn fs_metadata_created_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::metadata("foo.txt")?;

        if let Ok(time) = metadata.created() {
            println!("{time:?}");
        } else {
            println!("Not supported on this platform or filesystem");
        }
        Ok(())
    }
}

fn fs_permissions_readonly_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let mut f = File::create("foo.txt")?;
        let metadata = f.metadata()?;

        assert_eq!(false, metadata.permissions().readonly());
        Ok(())
    }
}

fn fs_permissions_set_readonly_1() {
    use threadbare::fs::File;

    fn main() -> threadbare::io::Result<()> {
        let f = File::create("foo.txt")?;
        let metadata = f.metadata()?;
        let mut permissions = metadata.permissions();

        permissions.set_readonly(true);

        // filesystem doesn't change, only the in memory state of the
        // readonly permission
        assert_eq!(false, metadata.permissions().readonly());

        // just this particular `permissions`.
        assert_eq!(true, permissions.readonly());
        Ok(())
    }
}

fn fs_filetype_is_dir_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs;

        let metadata = fs::metadata("foo.txt")?;
        let file_type = metadata.file_type();

        assert_eq!(file_type.is_dir(), false);
        Ok(())
    }
}

fn fs_filetype_is_file_1() {
    fn main() -> threadbare::io::Result<()> {
        use threadbare::fs;

        let metadata = fs::metadata("foo.txt")?;
        let file_type = metadata.file_type();

        assert_eq!(file_type.is_file(), true);
        Ok(())
    }
}

fn fs_filetype_is_symlink_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let metadata = fs::symlink_metadata("foo.txt")?;
        let file_type = metadata.file_type();

        assert_eq!(file_type.is_symlink(), false);
        Ok(())
    }
}

fn fs_direntry_path_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        for entry in fs::read_dir(".")? {
            let dir = entry?;
            println!("{:?}", dir.path());
        }
        Ok(())
    }
}

#[test]
fn fs_direntry_metadata_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs;

        if let Ok(entries) = fs::read_dir(".") {
            for entry in entries {
                if let Ok(entry) = entry {
                    // Here, `entry` is a `DirEntry`.
                    if let Ok(metadata) = entry.metadata() {
                        // Now let's show our entry's permissions!
                        println!("{:?}: {:?}", entry.path(), metadata.permissions());
                    } else {
                        println!("Couldn't get metadata for {:?}", entry.path());
                    }
                }
            }
        }
    });
}

#[test]
fn fs_direntry_file_type_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs;

        if let Ok(entries) = fs::read_dir(".") {
            for entry in entries {
                if let Ok(entry) = entry {
                    // Here, `entry` is a `DirEntry`.
                    if let Ok(file_type) = entry.file_type() {
                        // Now let's show our entry's file type!
                        println!("{:?}: {:?}", entry.path(), file_type);
                    } else {
                        println!("Couldn't get file type for {:?}", entry.path());
                    }
                }
            }
        }
    });
}

#[test]
fn fs_direntry_file_name_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs;

        if let Ok(entries) = fs::read_dir(".") {
            for entry in entries {
                if let Ok(entry) = entry {
                    // Here, `entry` is a `DirEntry`.
                    println!("{:?}", entry.file_name());
                }
            }
        }
    });
}

fn fs_remove_file_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::remove_file("a.txt")?;
        Ok(())
    }
}

fn fs_metadata_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let attr = fs::metadata("/some/file/path.txt")?;
        // inspect attr ...
        Ok(())
    }
}

fn fs_symlink_metadata_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let attr = fs::symlink_metadata("/some/file/path.txt")?;
        // inspect attr ...
        Ok(())
    }
}

fn fs_rename_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::rename("a.txt", "b.txt")?; // Rename a.txt to b.txt
        Ok(())
    }
}

fn fs_copy_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::copy("foo.txt", "bar.txt")?; // Copy foo.txt to bar.txt
        Ok(())
    }
}

fn fs_hard_link_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::hard_link("a.txt", "b.txt")?; // Hard link a.txt to b.txt
        Ok(())
    }
}

fn fs_direntry_item_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::soft_link("a.txt", "b.txt")?;
        Ok(())
    }
}

fn fs_read_link_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let path = fs::read_link("a.txt")?;
        Ok(())
    }
}

fn fs_canonicalize_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let path = fs::canonicalize("../a/../foo.txt")?;
        Ok(())
    }
}

fn fs_create_dir_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::create_dir("/some/dir")?;
        Ok(())
    }
}

fn fs_create_dir_all_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::create_dir_all("/some/dir")?;
        Ok(())
    }
}

fn fs_remove_dir_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::remove_dir("/some/dir")?;
        Ok(())
    }
}

fn fs_remove_dir_all_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::remove_dir_all("/some/dir")?;
        Ok(())
    }
}

#[test]
fn fs_read_dir_1() {
    super::in_a_green_thread(|| {
        use std::path::Path;
        use threadbare::fs::{self, DirEntry};
        use threadbare::io;

        // one possible implementation of walking a directory only visiting files
        fn visit_dirs(dir: &Path, cb: &dyn Fn(&DirEntry)) -> io::Result<()> {
            if dir.is_dir() {
                for entry in fs::read_dir(dir)? {
                    let entry = entry?;
                    let path = entry.path();
                    if path.is_dir() {
                        visit_dirs(&path, cb)?;
                    } else {
                        cb(&entry);
                    }
                }
            }
            Ok(())
        }
    });
}

fn fs_read_dir_2() {
    use std::{fs, io};

    fn main() -> io::Result<()> {
        let mut entries = fs::read_dir(".")?
            .map(|res| res.map(|e| e.path()))
            .collect::<Result<Vec<_>, io::Error>>()?;

        // The order in which `read_dir` returns entries is not guaranteed. If reproducible
        // ordering is required the entries should be explicitly sorted.

        entries.sort();

        // The entries have now been sorted by their path.

        Ok(())
    }
}

fn fs_set_permissions_1() {
    use threadbare::fs;

    fn main() -> threadbare::io::Result<()> {
        let mut perms = fs::metadata("foo.txt")?.permissions();
        perms.set_readonly(true);
        fs::set_permissions("foo.txt", perms)?;
        Ok(())
    }
}

#[test]
fn fs_dirbuilder_new_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs::DirBuilder;

        let builder = DirBuilder::new();
    });
}

#[test]
fn fs_dirbuilder_recursive_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs::DirBuilder;

        let mut builder = DirBuilder::new();
        builder.recursive(true);
    });
}

fn fs_dirbuilder_create_1() {
    use threadbare::fs::{self, DirBuilder};

    let path = "/tmp/foo/bar/baz";
    DirBuilder::new().recursive(true).create(path).unwrap();

    assert!(fs::metadata(path).unwrap().is_dir());
}

fn fs_exists_1() {
    use threadbare::fs;

    assert!(!fs::exists("does_not_exist.txt").expect("Can't check existence of file does_not_exist.txt"));
    assert!(fs::exists("/root/secret_file.txt").is_err());
}

fn unix_fs_fileext_read_at_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::os::unix::prelude::FileExt;

    fn main() -> io::Result<()> {
        let mut buf = [0u8; 8];
        let file = File::open("foo.txt")?;

        // We now read 8 bytes from the offset 10.
        let num_bytes_read = file.read_at(&mut buf, 10)?;
        println!("read {num_bytes_read} bytes: {buf:?}");
        Ok(())
    }
}

fn unix_fs_fileext_read_exact_at_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::os::unix::prelude::FileExt;

    fn main() -> io::Result<()> {
        let mut buf = [0u8; 8];
        let file = File::open("foo.txt")?;

        // We now read exactly 8 bytes from the offset 10.
        file.read_exact_at(&mut buf, 10)?;
        println!("read {} bytes: {:?}", buf.len(), buf);
        Ok(())
    }
}

fn unix_fs_fileext_write_at_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::os::unix::prelude::FileExt;

    fn main() -> io::Result<()> {
        // Open a file with the append option (sets the `O_APPEND` flag)
        let file = File::options().append(true).open("foo.txt")?;

        // We attempt to write at offset 10; instead appended to EOF
        file.write_at(b"sushi", 10)?;

        // foo.txt is 5 bytes long instead of 15
        Ok(())
    }
}

fn unix_fs_fileext_write_at_2() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::os::unix::prelude::FileExt;

    fn main() -> io::Result<()> {
        let file = File::create("foo.txt")?;

        // We now write at the offset 10.
        file.write_at(b"sushi", 10)?;
        Ok(())
    }
}

fn unix_fs_fileext_write_all_at_1() {
    use threadbare::fs::File;
    use threadbare::io;
    use threadbare::os::unix::prelude::FileExt;

    fn main() -> io::Result<()> {
        let file = File::open("foo.txt")?;

        // We now write at the offset 10.
        file.write_all_at(b"sushi", 10)?;
        Ok(())
    }
}

fn unix_fs_permissionsext_1() {
    use threadbare::fs::{File, Permissions};
    use threadbare::io::{ErrorKind, Result as IoResult};
    use threadbare::os::unix::fs::PermissionsExt;

    fn main() -> IoResult<()> {
        let name = "test_file_for_permissions";

        // make sure file does not exist
        let _ = threadbare::fs::remove_file(name);
        assert_eq!(
            File::open(name).unwrap_err().kind(),
            ErrorKind::NotFound,
            "file already exists"
        );

        // full read/write/execute mode bits for owner of file
        // that we want to add to existing mode bits
        let my_mode = 0o700;

        // create new file with specified permissions
        {
            let file = File::create(name)?;
            let mut permissions = file.metadata()?.permissions();
            eprintln!("Current permissions: {:o}", permissions.mode());

            // make sure new permissions are not already set
            assert!(permissions.mode() & my_mode != my_mode, "permissions already set");

            // either use `set_mode` to change an existing Permissions struct
            permissions.set_mode(permissions.mode() | my_mode);

            // or use `from_mode` to construct a new Permissions struct
            permissions = Permissions::from_mode(permissions.mode() | my_mode);

            // write new permissions to file
            file.set_permissions(permissions)?;
        }

        let permissions = File::open(name)?.metadata()?.permissions();
        eprintln!("New permissions: {:o}", permissions.mode());

        // assert new permissions were set
        assert_eq!(permissions.mode() & my_mode, my_mode, "new permissions not set");
        Ok(())
    }
}

fn unix_fs_permissionsext_2() {
    use threadbare::fs::Permissions;
    use threadbare::os::unix::fs::PermissionsExt;

    // read/write for owner and read for others
    let my_mode = 0o644;
    let mut permissions = Permissions::from_mode(my_mode);
    assert_eq!(permissions.mode(), my_mode);

    // read/write/execute for owner
    let other_mode = 0o700;
    permissions.set_mode(other_mode);
    assert_eq!(permissions.mode(), other_mode);
}

fn unix_fs_openoptionsext_mode_1() {
    use threadbare::fs::OpenOptions;
    use threadbare::os::unix::fs::OpenOptionsExt;

    fn main() {
        let mut options = OpenOptions::new();
        options.mode(0o644); // Give read/write for owner and read for others.
        let file = options.open("foo.txt");
    }
}

fn unix_fs_openoptionsext_custom_flags_1() {
    mod libc {
        pub const O_NOFOLLOW: i32 = 0;
    }
    use threadbare::fs::OpenOptions;
    use threadbare::os::unix::fs::OpenOptionsExt;

    fn main() {
        let mut options = OpenOptions::new();
        options.write(true);
        options.custom_flags(libc::O_NOFOLLOW);
        let file = options.open("foo.txt");
    }
}

fn unix_fs_metadataext_dev_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let dev_id = meta.dev();
        Ok(())
    }
}

fn unix_fs_metadataext_ino_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let inode = meta.ino();
        Ok(())
    }
}

fn unix_fs_metadataext_mode_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let mode = meta.mode();
        let user_has_write_access = mode & 0o200;
        let user_has_read_write_access = mode & 0o600;
        let group_has_read_access = mode & 0o040;
        let others_have_exec_access = mode & 0o001;
        Ok(())
    }
}

fn unix_fs_metadataext_nlink_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let nb_hard_links = meta.nlink();
        Ok(())
    }
}

fn unix_fs_metadataext_uid_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let user_id = meta.uid();
        Ok(())
    }
}

fn unix_fs_metadataext_gid_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let group_id = meta.gid();
        Ok(())
    }
}

fn unix_fs_metadataext_rdev_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let device_id = meta.rdev();
        Ok(())
    }
}

fn unix_fs_metadataext_size_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let file_size = meta.size();
        Ok(())
    }
}

fn unix_fs_metadataext_atime_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let last_access_time = meta.atime();
        Ok(())
    }
}

fn unix_fs_metadataext_atime_nsec_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let nano_last_access_time = meta.atime_nsec();
        Ok(())
    }
}

fn unix_fs_metadataext_mtime_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let last_modification_time = meta.mtime();
        Ok(())
    }
}

fn unix_fs_metadataext_mtime_nsec_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let nano_last_modification_time = meta.mtime_nsec();
        Ok(())
    }
}

fn unix_fs_metadataext_ctime_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let last_status_change_time = meta.ctime();
        Ok(())
    }
}

fn unix_fs_metadataext_ctime_nsec_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let nano_last_status_change_time = meta.ctime_nsec();
        Ok(())
    }
}

fn unix_fs_metadataext_blksize_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let block_size = meta.blksize();
        Ok(())
    }
}

fn unix_fs_metadataext_blocks_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::MetadataExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("some_file")?;
        let blocks = meta.blocks();
        Ok(())
    }
}

fn unix_fs_filetypeext_is_block_device_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::FileTypeExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("block_device_file")?;
        let file_type = meta.file_type();
        assert!(file_type.is_block_device());
        Ok(())
    }
}

fn unix_fs_filetypeext_is_char_device_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::FileTypeExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("char_device_file")?;
        let file_type = meta.file_type();
        assert!(file_type.is_char_device());
        Ok(())
    }
}

fn unix_fs_filetypeext_is_fifo_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::FileTypeExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("fifo_file")?;
        let file_type = meta.file_type();
        assert!(file_type.is_fifo());
        Ok(())
    }
}

fn unix_fs_filetypeext_is_socket_1() {
    use threadbare::fs;
    use threadbare::io;
    use threadbare::os::unix::fs::FileTypeExt;

    fn main() -> io::Result<()> {
        let meta = fs::metadata("unix.socket")?;
        let file_type = meta.file_type();
        assert!(file_type.is_socket());
        Ok(())
    }
}

#[test]
fn unix_fs_direntryext_ino_1() {
    super::in_a_green_thread(|| {
        use threadbare::fs;
        use threadbare::os::unix::fs::DirEntryExt;

        if let Ok(entries) = fs::read_dir(".") {
            for entry in entries {
                if let Ok(entry) = entry {
                    // Here, `entry` is a `DirEntry`.
                    println!("{:?}: {}", entry.file_name(), entry.ino());
                }
            }
        }
    });
}

fn unix_fs_symlink_1() {
    use threadbare::os::unix::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::symlink("a.txt", "b.txt")?;
        Ok(())
    }
}

fn unix_fs_dirbuilderext_mode_1() {
    use threadbare::fs::DirBuilder;
    use threadbare::os::unix::fs::DirBuilderExt;

    let mut builder = DirBuilder::new();
    builder.mode(0o755);
}

fn unix_fs_chown_1() {
    use threadbare::os::unix::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::chown("/sandbox", Some(0), Some(0))?;
        Ok(())
    }
}

fn unix_fs_fchown_1() {
    use threadbare::os::unix::fs;

    fn main() -> threadbare::io::Result<()> {
        let f = threadbare::fs::File::open("/file")?;
        fs::fchown(&f, Some(0), Some(0))?;
        Ok(())
    }
}

fn unix_fs_lchown_1() {
    use threadbare::os::unix::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::lchown("/symlink", Some(0), Some(0))?;
        Ok(())
    }
}

fn unix_fs_chroot_1() {
    use threadbare::os::unix::fs;

    fn main() -> threadbare::io::Result<()> {
        fs::chroot("/sandbox")?;
        std::env::set_current_dir("/")?;
        // continue working in sandbox
        Ok(())
    }
}
